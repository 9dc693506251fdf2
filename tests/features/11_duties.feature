# language: ja
機能: 報告等の義務と期限
  その日に分かっていたことから、誰に、いつまでに知らせるかが、根拠とともに導かれる。事実が変われば義務も変わる。

  ルール: 実際にあった事案で、その日に分かっていたことから期限が出る

    シナリオ: 鹿嶋市 2024年 1,780件のアドレスを宛先欄に入れて送信した
      前提 時計は 2024-12-05T11:00 を指している
      かつ 窓口の佐藤がleak_missentの案件「宛先欄に全員を入れて送信した」を起票している
      もし 窓口の佐藤が次の事実を記録する
        | 項目          | 値      | 確からしさ |
        | personal_data | あり    | 確定       |
        | leak          | あり    | 確定       |
        | cause         | missent | 確定       |
        | head_count    | 1780    | 推定       |
      ならば 次の義務が生じている
        | 義務                    | 期限       | 理由 |
        | prefecture_first_report | 2024-12-05 | many |
        | ministry_first_report   | 2024-12-05 | many |
        | ppc_preliminary         | 2024-12-09 | many |
        | ppc_final               | 2025-01-06 | many |
        | persons                 | 速やかに   | many |
        | publication_now         | 速やかに   | many |
      もし 窓口の佐藤が prefecture_first_report の報告をlgwan-mailで行ったと記録する
      かつ 窓口の佐藤が ministry_first_report の報告をlgwan-mailで行ったと記録する
      かつ 2024-12-07T15:00 になる
      かつ 窓口の佐藤が ppc_preliminary の報告をweb_formで行ったと記録する
      ならば 義務 ppc_preliminary は済んでいる
      かつ 義務 police、my_number_final、publication_batch はない

    シナリオ: 岡山 2024年 障害から始まり、のちに漏えいが分かった
      前提 時計は 2024-05-19T17:00 を指している
      かつ 窓口の佐藤がransomwareの案件「電子カルテが使えない」を起票している
      もし 窓口の佐藤が次の事実を記録する
        | 項目         | 値        | 確からしさ |
        | service_stop | city_wide | 確定       |
      ならば 義務 police、ppc_preliminary はない
      もし 2024-05-20T09:00 になる
      かつ 窓口の佐藤が次の事実を記録する
        | 項目             | 値         | 確からしさ |
        | cause            | ransomware | 確定       |
        | leak             | おそれ     | 推定       |
        | wrongful_purpose | あり       | 推定       |
        | sensitive_data   | あり       | 推定       |
        | owner_organ      | hospital   | 確定       |
      ならば 次の義務が生じている
        | 義務                    | 期限       | 理由       |
        | police                  | 2024-05-19 | ransomware |
        | prefecture_first_report | 2024-05-19 | wrongful   |
        | ministry_first_report   | 2024-05-19 | wrongful   |
        | ppc_preliminary         | 2024-05-23 | sensitive  |
        | ppc_final               | 2024-07-17 | wrongful   |
        | publication_now         | 速やかに   | wrongful   |
      もし 2024-05-22T12:00 になる
      かつ 窓口の佐藤が ppc_preliminary の報告をweb_formで行ったと記録する
      かつ 2024-06-07T10:00 になる
      かつ 窓口の佐藤が次の事実を記録する
        | 項目       | 値    | 確からしさ |
        | leak       | あり  | 確定       |
        | head_count | 40000 | 推定       |
      ならば 義務 ppc_preliminary は済んでいる
      かつ 次の義務が生じている
        | 義務      | 期限       | 理由 |
        | ppc_final | 2024-07-17 | many |

    シナリオ: 半田病院 2021年 個人情報保護法が自治体に及ぶ前の事案
      前提 時計は 2021-10-31T03:00 を指している
      かつ 窓口の佐藤がransomwareの案件「プリンターから脅迫文が出た」を起票している
      もし 窓口の佐藤が次の事実を記録する
        | 項目             | 値         | 確からしさ |
        | cause            | ransomware | 確定       |
        | ransom_demand    | あり       | 確定       |
        | leak             | おそれ     | 推定       |
        | wrongful_purpose | あり       | 推定       |
        | head_count       | 85000      | 推定       |
      ならば 次の義務が生じている
        | 義務                    | 期限       | 理由       |
        | police                  | 2021-10-31 | ransomware |
        | prefecture_first_report | 2021-10-31 | wrongful   |
        | ministry_first_report   | 2021-10-31 | wrongful   |
      かつ 義務 ppc_preliminary、ppc_final、persons はない

    シナリオ: イセトー 2024年 委託先の事故で、漏えいは何週間もあとに分かった
      前提 時計は 2024-06-03T10:00 を指している
      かつ 窓口の佐藤がransomwareの案件「印刷の委託先がランサムウェアに感染した」を起票している
      もし 窓口の佐藤が次の事実を記録する
        | 項目                | 値               | 確からしさ |
        | contractor_involved | あり             | 確定       |
        | contractor_known    | 2024-05-26T09:00 | 確定       |
        | leak                | なし             | 推定       |
      ならば 義務 ppc_preliminary、persons、contractor_notice はない
      もし 2024-07-01T10:00 になる
      かつ 窓口の佐藤が次の事実を記録する
        | 項目             | 値               | 確からしさ |
        | known            | 2024-07-01T09:00 | 確定       |
        | leak             | あり             | 確定       |
        | wrongful_purpose | あり             | 確定       |
        | head_count       | 1000             | 推定       |
      ならば 次の義務が生じている
        | 義務              | 期限       | 理由       |
        | contractor_notice | 2024-05-30 | contractor |
        | ppc_preliminary   | 2024-07-05 | wrongful   |
        | ppc_final         | 2024-08-29 | wrongful   |
      もし 2024-07-03T10:00 になる
      かつ 窓口の佐藤が次の事実を記録する
        | 項目                | 値               | 確からしさ |
        | head_count          | 151421           | 確定       |
        | contractor_notified | 2024-07-01T09:00 | 確定       |
      ならば head_count は第2版まであり、前の値 1000、151421 も残っている
      かつ 義務 contractor_notice はない
      かつ 次の義務が生じている
        | 義務      | 期限       | 理由 |
        | ppc_final | 2024-08-29 | many |

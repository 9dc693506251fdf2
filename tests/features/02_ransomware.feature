# language: ja
機能: ランサムウェアの対応
  隔離し、並行して報告し、復旧し、再発を防ぐ。判断するのは人であり、誰が何を決めたかが残る。

  背景:
    前提 窓口の佐藤がランサムウェアの案件を開いている

  シナリオ: 発見から終結まで
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える
    かつ 窓口の佐藤が propose_level に「レベル3」と答える
    かつ CISOの小林が confirm_level に「承認する」と答える
    ならば 案件のレベルは3である
    かつ 命令書 hold_logs が1通ある
    かつ 命令書 block_request が1通ある
    もし 情報システム管理者の高橋が isolate_terminal に「実施した」と答える
    かつ 部長の中村が cut_segment に「切断しない」と答える
    かつ 情報システム管理者の高橋が shield_backups に「実施した」と答える
    かつ 情報システム管理者の高橋が secure_evidence に「実施した」と答える
    かつ 個人情報担当の加藤が personal_data_touched に「不明」と答える
    かつ 個人情報担当の加藤が report_to_ppc に「実施した」と答える
    かつ 個人情報担当の加藤が notify_persons に「実施した」と答える
    かつ 窓口の佐藤が consult_police に「実施した」と答える
    かつ 窓口の佐藤が3つの連絡先すべてに電話し、復唱を受ける
    かつ 窓口の佐藤が send_report[report.2] に「送った（続報がある）」と答える
    かつ 窓口の佐藤が send_report[report.3] に「送った（最終報とする）」と答える
    かつ CSIRT責任者の渡辺が agree_no_more_reports[report.3] に「承認する」と答える
    かつ 情報システム管理者の高橋が rebuild_terminal に「実施した」と答える
    かつ 総務課長の山本が propose_reconnection に「提案する」と答える
    かつ CISOの小林が approve_reconnection に「承認する」と答える
    かつ CSIRT責任者の渡辺が set_measures に「実施した」と答える
    かつ CSIRT責任者の渡辺が agree_to_close に「実施した」と答える
    ならば 案件は true_positive として閉じている
    かつ 待っている手順はない
    かつ どの手順も一度だけ記録されている

  シナリオ: 誤報は理由を付けて閉じる
    もし 窓口の佐藤が is_it_an_incident に理由「取引先に確認し、正規の更新と分かった」を添えて「インシデントではない」と答える
    ならば 案件は false_positive として閉じている
    かつ 閉じた理由は「取引先に確認し、正規の更新と分かった」である

  シナリオ: 理由のない誤報の判断は受け付けない
    もし 窓口の佐藤が is_it_an_incident に理由「」を添えて「インシデントではない」と答える
    ならば それは reason_missing として拒まれる
    かつ is_it_an_incident が待っている

  シナリオアウトライン: レベルは、その重さに応じた職が決める
    前提 窓口の佐藤が is_it_an_incident に「インシデントである」と答えている
    もし 窓口の佐藤が propose_level に「<レベル>」と答える
    ならば confirm_level を待つのは <職> である
    もし <決める人>が confirm_level に「承認する」と答える
    ならば 案件のレベルは<値>である

    例:
      | レベル  | 職              | 決める人           | 値 |
      | レベル1 | post:csirt-head | CSIRT責任者の渡辺  | 1  |
      | レベル2 | post:director   | 部長の中村         | 2  |
      | レベル3 | post:ciso       | CISOの小林         | 3  |
      | レベル4 | post:mayor      | 市長の渦潮         | 4  |

  シナリオ: レベル3は代理でも決められるが、係では決められない
    前提 窓口の佐藤が is_it_an_incident に「インシデントである」と答えている
    かつ 窓口の佐藤が propose_level に「レベル3」と答えている
    もし ハンドラーの田中が confirm_level に「承認する」と答える
    ならば それは not_your_assignment として拒まれる
    もし CISO代理の中村が confirm_level に「承認する」と答える
    ならば 案件のレベルは3である

  シナリオ: レベル2の決定が期限までになければ、CISOに移る
    前提 窓口の佐藤が is_it_an_incident に「インシデントである」と答えている
    かつ 窓口の佐藤が propose_level に「レベル2」と答えている
    もし 31分たつ
    ならば confirm_level を待つのは post:ciso である
    もし CISOの小林が confirm_level に「承認する」と答える
    ならば 案件のレベルは2である

  シナリオ: レベルの提案が省かれても、決める職がレベルを言う
    前提 窓口の佐藤が is_it_an_incident に「インシデントである」と答えている
    もし CSIRT責任者の渡辺が propose_level を「CISOが直ちに判断する」という理由で省く
    ならば set_level_instead を待つのは post:ciso である
    もし CISOの小林が set_level_instead に「レベル3」と答える
    ならば 案件のレベルは3である
    かつ isolate_terminal が待っている

  シナリオ: 提案されたレベルが認められなければ、決める職が言い直す
    前提 窓口の佐藤が is_it_an_incident に「インシデントである」と答えている
    かつ 窓口の佐藤が propose_level に「レベル3」と答えている
    もし CISOの小林が confirm_level に「承認しない」と答える
    ならば set_level_instead が待っている
    かつ 案件のレベルはまだ決まっていない
    もし CISOの小林が set_level_instead に「レベル2」と答える
    ならば 案件のレベルは2である

  ルール: 報告は技術の作業を待たず、技術の作業は報告を待たない

    背景:
      前提 窓口の佐藤が is_it_an_incident に「インシデントである」と答えている
      かつ 窓口の佐藤が propose_level に「レベル3」と答えている
      かつ CISOの小林が confirm_level に「承認する」と答えている

    シナリオ: 並んで待っている
      ならば isolate_terminal が待っている
      かつ secure_evidence が待っている
      かつ personal_data_touched が待っている
      かつ call:office:pref-security が待っている
      かつ call:office:mic-cyber が待っている
      かつ 個人情報担当と広報に知らせが届いている

    シナリオ: 隔離が進まなくても報告は終わる
      もし 窓口の佐藤が3つの連絡先すべてに電話し、復唱を受ける
      かつ 個人情報担当の加藤が personal_data_touched に「いいえ」と答える
      ならば reach_national は終わっている
      かつ isolate_terminal が待っている
      かつ report_to_ppc は求められていない

    シナリオ: 報告が進まなくても隔離は終わる
      もし 情報システム管理者の高橋が isolate_terminal に「実施した」と答える
      ならば cut_segment が待っている
      かつ call:office:mic-cyber が待っている

    シナリオ: 本人の数が分かったときに、本人への通知が始まる
      もし 個人情報担当の加藤が personal_data_touched に「不明」と答え、人数は書かない
      ならば notify_persons は求められていない
      かつ report_to_ppc が待っている
      もし 個人情報担当の加藤が、本人の数を推定で120人とする
      ならば notify_persons が待っている

    シナリオ: 判断で書いた人数は事実のページに推定として載り、確定した数は上書きしない
      もし 個人情報担当の加藤が、本人の数を確定で80人とする
      かつ 個人情報担当の加藤が personal_data_touched に「はい」と答える
      ならば 事実 personal_data は推定で「yes」である
      かつ 事実 head_count は確定で「80」である

    シナリオ: 続報は、終わってよいと認められるまで続く
      もし 窓口の佐藤が3つの連絡先すべてに電話し、復唱を受ける
      かつ 窓口の佐藤が send_report[report.2] に「送った（最終報とする）」と答える
      かつ CSIRT責任者の渡辺が agree_no_more_reports[report.2] に「承認しない」と答える
      ならば send_report[report.3] が待っている
      もし 窓口の佐藤が send_report[report.3] に「続報は必要ない」と答える
      かつ CSIRT責任者の渡辺が agree_no_more_reports[report.3] に「承認する」と答える
      ならば send_report[report.4] は求められていない

    シナリオ: 切断の判断が期限までになければ、CISOに移る
      もし 情報システム管理者の高橋が isolate_terminal に「実施した」と答える
      かつ 31分たつ
      ならば cut_segment を待つのは post:ciso である
      もし ハンドラーの田中が cut_segment に「切断する」と答える
      ならば それは not_your_assignment として拒まれる
      もし CISOの小林が cut_segment に「切断する」と答える
      ならば cut_segment は終わっている

    シナリオ: 手順が開いている間は閉じられない
      もし CSIRT責任者の渡辺が案件を閉じようとする
      ならば それは steps_open として拒まれる
      かつ 案件は開いている

  ルール: 期限を過ぎても手順は消えない

    シナリオ: 期限が過ぎたことが記録に残る
      もし 31分たつ
      ならば 案件の記録に TIMER_FIRED が1回ある
      かつ is_it_an_incident が待っている

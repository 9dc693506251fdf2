# language: ja
機能: 不正アクセス、改ざん、サービス妨害の対応
  証拠を残してから直し、止める判断は職が行い、報告は技術の作業を待たない。

  シナリオ: 不正アクセスの試みだけなら、遮断して理由を付けて閉じる
    前提 窓口の佐藤がunauth_accessの案件「VPNへのログイン失敗が続いている」を起票している
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える
    かつ 情報システム管理者の高橋が did_they_get_in に理由「成功した接続はない」を添えて「試みだけ」と答える
    ならば 案件は benign として閉じている
    かつ 閉じた理由は「成功した接続はない」である

  シナリオ: 侵入されていれば、封じ込め、調査、報告が並んで始まる
    前提 窓口の佐藤がunauth_accessの案件「見慣れない国からVPNに入られた」を起票している
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える
    かつ 情報システム管理者の高橋が did_they_get_in に「侵入された」と答える
    ならば isolate_terminal が待っている
    かつ lock_accounts が待っている
    かつ secure_evidence が待っている
    かつ how_far_it_got が待っている
    かつ weigh_the_report が待っている
    かつ consult_police が待っている
    もし 情報システム管理者の高橋が how_far_it_got に「実施した」と答える
    ならば 事実 wrongful_purpose は推定で「suspected」である

  シナリオ: 改ざんは、写しを取るまで直せない
    前提 窓口の佐藤がweb_defaceの案件「トップページに見慣れない画像がある」を起票している
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える
    ならば copy_tampered_page が待っている
    かつ stop_publishing は求められていない
    かつ restore_site は求められていない
    もし 情報システム管理者の高橋が copy_tampered_page に「実施した」と答える
    かつ 16分たつ
    ならば stop_publishing を待つのは post:director である
    もし 部長の中村が stop_publishing に「停止した」と答える
    ならば put_up_notice が待っている
    かつ secure_evidence が待っている

  シナリオ: サービス妨害では、事業者への連絡と市民への案内が待たずに始まり、静まるまで見続ける
    前提 窓口の佐藤がddosの案件「ホームページがつながらない」を起票している
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える
    ならば call:office:soc が待っている
    かつ call:office:line-operator が待っている
    かつ use_other_channels が待っている
    かつ anything_behind_it が待っている
    もし 情報システム管理者の高橋が what_is_hit に「回線全体」と答える
    かつ 情報システム管理者の高橋が filter_traffic に「制限する」と答える
    ならば それは not_your_assignment として拒まれる
    もし 部長の中村が filter_traffic に「制限しない」と答える
    ならば put_filter_on は求められていない
    もし 情報システム管理者の高橋が anything_behind_it に「いいえ」と答える
    ならば personal_data_touched は求められていない

# language: ja
機能: 誤送信と紛失の対応
  市でいちばん多い二つの事案。回収も捜索も、レベルの決定や報告を待たない。見られていないと言えるのは、二人が確かめたときだけである。

  ルール: 誤って送ったものは、直ちに取り戻し、誰が持っているかを数える

    背景:
      前提 窓口の佐藤がleak_missentの案件「宛先欄に全員を入れて送信した」を起票している
      もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える

    シナリオ: メールの誤送信を、削除の確認まで追い、報告して閉じる
      ならば how_it_went_out が待っている
      かつ propose_level が待っている
      かつ weigh_the_report が待っている
      かつ personal_data_touched が待っている
      かつ 個人情報担当と広報に知らせが届いている
      もし ハンドラーの田中が how_it_went_out に「メール」と答える
      かつ ハンドラーの田中が ask_to_delete に「実施した」と答える
      かつ ハンドラーの田中が what_came_back に「全て削除・返却されたが、見られたものがある」と答える
      ならば agree_it_came_back_unread は求められていない
      もし 窓口の佐藤が propose_level に「レベル2」と答える
      かつ 部長の中村が confirm_level に「承認する」と答える
      ならば 案件のレベルは2である
      もし CSIRT責任者の渡辺が weigh_the_report に「報告する」と答える
      かつ 窓口の佐藤が3つの連絡先すべてに電話し、復唱を受ける
      かつ 窓口の佐藤が send_report[report.2] に「送った（最終報とする）」と答える
      かつ CSIRT責任者の渡辺が agree_no_more_reports[report.2] に「承認する」と答える
      かつ 個人情報担当の加藤が personal_data_touched に「はい」と答える
      かつ 個人情報担当の加藤が report_to_ppc に「実施した」と答える
      かつ 個人情報担当の加藤が notify_persons に「実施した」と答える
      かつ CISOの小林が decide_publication に「直ちに公表する」と答える
      かつ 広報の吉田が publish に「実施した」と答える
      かつ CSIRT責任者の渡辺が set_measures に「実施した」と答える
      かつ CSIRT責任者の渡辺が agree_to_close に「実施した」と答える
      ならば 案件は true_positive として閉じている
      かつ 事実 cause は推定で「missent」である
      かつ 待っている手順はない
      かつ どの手順も一度だけ記録されている

    シナリオ: 見られないまま戻ったと言えるのは、二人が確かめたときだけである
      もし ハンドラーの田中が how_it_went_out に「郵送・窓口」と答える
      かつ ハンドラーの田中が ask_to_delete に「実施した」と答える
      かつ ハンドラーの田中が what_came_back に「全て、開かれないまま」と答える
      かつ ハンドラーの田中が agree_it_came_back_unread に「承認する」と答える
      ならば それは not_your_assignment として拒まれる
      もし 個人情報担当の加藤が agree_it_came_back_unread に「承認する」と答える
      ならば 事実 recovered_unread は推定で「yes」である

    シナリオ: 誤って公開したものは、公開をやめるまで誰も閉じられない
      もし ハンドラーの田中が how_it_went_out に「ホームページ」と答える
      ならば take_offline が待っている
      かつ ask_to_delete は求められていない
      もし 31分たつ
      ならば take_offline を待つのは post:director である
      もし CSIRT責任者の渡辺が案件を閉じようとする
      ならば それは steps_open として拒まれる

    シナリオ: 報告するかどうかを誰も判断しなければ、報告する
      もし 121分たつ
      ならば call:office:pref-security が待っている
      かつ call:office:mic-cyber が待っている

  ルール: なくした物は、見つかるのを待たずに守り、届け出る

    背景:
      前提 窓口の佐藤がloss_theftの案件「出張先でパソコンの入った鞄をなくした」を起票している
      もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える

    シナリオ: パソコンの盗難を、ロックと届出から終結まで
      もし ハンドラーの田中が what_is_gone に「パソコン」と答える
      ならば lock_device が待っている
      かつ was_it_found が待っている
      かつ consult_police は求められていない
      かつ in_whose_hands が待っている
      かつ was_it_encrypted が待っている
      もし 情報システム管理者の高橋が lock_device に「実施した」と答える
      かつ 情報システム管理者の高橋が cut_its_access に「実施した」と答える
      かつ 部長の中村が wipe_device に「消去する」と答える
      かつ 情報システム管理者の高橋が carry_out_wipe に「実施した」と答える
      かつ 窓口の佐藤が in_whose_hands に「市の職員」と答える
      かつ 情報システム管理者の高橋が was_it_encrypted に「はい」と答える
      かつ 窓口の佐藤が was_it_found に「見つからない」と答える
      かつ 窓口の佐藤が propose_level に「レベル2」と答える
      かつ 部長の中村が confirm_level に「承認する」と答える
      かつ CSIRT責任者の渡辺が weigh_the_report に「報告する」と答える
      かつ 窓口の佐藤が3つの連絡先すべてに電話し、復唱を受ける
      かつ 窓口の佐藤が send_report[report.2] に「続報は必要ない」と答える
      かつ CSIRT責任者の渡辺が agree_no_more_reports[report.2] に「承認する」と答える
      かつ 個人情報担当の加藤が personal_data_touched に「不明」と答える
      かつ 個人情報担当の加藤が report_to_ppc に「実施した」と答える
      かつ 個人情報担当の加藤が notify_persons に「実施した」と答える
      かつ CISOの小林が decide_publication に「公表しない」と答える
      ならば set_measures は求められていない
      もし 窓口の佐藤が police の報告をphoneで行ったと記録する
      かつ CSIRT責任者の渡辺が set_measures に「実施した」と答える
      かつ CSIRT責任者の渡辺が agree_to_close に「実施した」と答える
      ならば 案件は true_positive として閉じている
      かつ 事実 lost_or_stolen は推定で「lost」である
      かつ 事実 encrypted は推定で「yes」である
      かつ 待っている手順はない
      かつ どの手順も一度だけ記録されている

    シナリオ: 遠隔での消去は、係では決められない
      もし ハンドラーの田中が what_is_gone に「携帯電話」と答える
      かつ 情報システム管理者の高橋が lock_device に「実施した」と答える
      かつ 情報システム管理者の高橋が cut_its_access に「実施した」と答える
      かつ 情報システム管理者の高橋が wipe_device に「消去する」と答える
      ならば それは not_your_assignment として拒まれる
      もし 部長の中村が wipe_device に「消去しない」と答える
      ならば carry_out_wipe は求められていない

    シナリオ: 紙にはロックも暗号化もない
      もし ハンドラーの田中が what_is_gone に「書類」と答える
      ならば was_it_found が待っている
      かつ lock_device は求められていない
      かつ was_it_encrypted は求められていない

    シナリオ: 委託先がなくしたときは、再委託の先まで書面で求める
      もし ハンドラーの田中が what_is_gone に「USB」と答える
      かつ 窓口の佐藤が in_whose_hands に「再委託先」と答える
      ならば ask_contractor が待っている
      かつ 事実 contractor_kind は推定で「subcontractor」である

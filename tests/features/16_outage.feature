# language: ja
機能: システムの停止への対応
  窓口は機械の復旧を待たず、紙の手続で続ける。攻撃でないと分かるまでは、攻撃とみなす。

  背景:
    前提 窓口の佐藤がoutageの案件「住民票を発行できない」を起票している
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える

  シナリオ: 窓口の継続と復旧が並んで始まり、障害と分かれば、データを確かめて終結する
    ならば services_at_a_standstill が待っている
    かつ what_stopped が待っている
    かつ attack_or_failure が待っている
    かつ call:office:line-operator が待っている
    かつ call:office:maintenance が待っている
    もし 窓口の佐藤が services_at_a_standstill に「窓口」と答える
    ならば activate_ict_bcp が待っている
    かつ announce_standstill が待っている
    かつ 事実 service_stop は推定で「short」である
    もし CISOの小林が activate_ict_bcp に「発動する」と答える
    ならば open_paper_counters が待っている
    もし 窓口の佐藤が open_paper_counters に「実施した」と答える
    かつ 広報の吉田が announce_standstill に「実施した」と答える
    かつ 情報システム管理者の高橋が what_stopped に「一つのシステム」と答える
    かつ 情報システム管理者の高橋が first_aid に「実施した」と答える
    かつ 窓口の佐藤が監視センター、回線事業者、保守業者に電話し、復唱を受ける
    ならば is_it_back[look.1] が待っている
    もし 情報システム管理者の高橋が attack_or_failure に理由「ディスクの故障」を添えて「機器」と答える
    ならば 事実 cause は推定で「failure」である
    かつ is_data_whole が待っている
    かつ consult_police は求められていない
    もし 情報システム管理者の高橋が is_data_whole に「失われていない」と答える
    ならば personal_data_touched は求められていない
    もし 情報システム管理者の高橋が is_it_back[look.1] に「一部が復旧した」と答える
    ならば is_it_back[look.2] が待っている
    かつ announce_return は求められていない
    もし 情報システム管理者の高橋が is_it_back[look.2] に「全て復旧した」と答える
    かつ 情報システム管理者の高橋が owner_accepts に「実施した」と答える
    かつ 広報の吉田が announce_return に「実施した」と答える
    ならば enter_what_was_on_paper が待っている
    もし 窓口の佐藤が enter_what_was_on_paper に「実施した」と答える
    かつ 窓口の佐藤が propose_level に「レベル1」と答える
    かつ CSIRT責任者の渡辺が confirm_level に「承認する」と答える
    かつ CSIRT責任者の渡辺が weigh_the_report に「報告しない」と答える
    かつ CSIRT責任者の渡辺が set_measures に「実施した」と答える
    かつ CSIRT責任者の渡辺が agree_to_close に「実施した」と答える
    ならば 案件は true_positive として閉じている
    かつ どの手順も一度だけ記録されている

  シナリオ: 原因が分からない停止は、攻撃とみなして証拠を残し、切断を判断し、警察に相談する
    もし 情報システム管理者の高橋が attack_or_failure に「不明」と答える
    ならば secure_evidence が待っている
    かつ cut_segment が待っている
    かつ consult_police が待っている
    かつ personal_data_touched が待っている
    かつ 義務 police はない
    もし 部長の中村が cut_segment に「切断する」と答える
    ならば propose_reconnection が待っている

  シナリオ: 攻撃と分かれば、警察への連絡が義務となり、その種別の案件も起こす
    もし 情報システム管理者の高橋が attack_or_failure に「攻撃」と答える
    ならば 事実 crime は推定で「suspected」である
    もし 情報システム管理者の高橋が secure_evidence に「実施した」と答える
    ならば open_case_of_attack が待っている

  シナリオ: 災害による停止は災害対策本部に引き継ぎ、失われた個人情報は漏えいと同じく判断する
    もし 情報システム管理者の高橋が attack_or_failure に「災害」と答える
    ならば hand_to_headquarters が待っている
    もし 部長の中村が hand_to_headquarters に「実施した」と答える
    かつ 情報システム管理者の高橋が is_data_whole に「失われた・壊れた」と答える
    ならば personal_data_touched が待っている

  シナリオ: 発動の判断は時計に任せず、期限を過ぎれば連絡網で呼ぶ
    もし 窓口の佐藤が services_at_a_standstill に「オンライン申請」と答える
    かつ 61分たつ
    ならば activate_ict_bcp が待っている
    かつ open_paper_counters は求められていない

  シナリオ: 庁内だけの停止では、住民への知らせも紙の窓口も求めない
    もし 窓口の佐藤が services_at_a_standstill に「庁内の業務のみ」と答える
    ならば tell_the_offices が待っている
    かつ activate_ict_bcp は求められていない
    かつ announce_standstill は求められていない

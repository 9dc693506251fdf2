# language: ja
機能: 内部不正と無許可の機器の対応
  疑いのうちは知る人を限り、証拠を残してから本人に聞く。止めるか見守るかは職が決める。

  シナリオ: 内部不正では、知る人を限ってから、保全と利用停止の判断が並んで始まる
    前提 窓口の佐藤がinsiderの案件「住民情報の閲覧が多すぎる」を起票している
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える
    ならば keep_the_circle_small が待っている
    かつ secure_evidence は求められていない
    もし 窓口の佐藤が keep_the_circle_small に「実施した」と答える
    ならば secure_evidence が待っている
    かつ lock_or_watch が待っている
    かつ personal_data_touched が待っている
    かつ hear_the_person は求められていない
    もし 61分たつ
    ならば lock_or_watch を待つのは post:ciso である
    もし 情報システム管理者の高橋が secure_evidence に「実施した」と答える
    かつ 情報システム管理者の高橋が what_was_done に「持出し・送信」と答える
    ならば 事実 wrongful_purpose は推定で「suspected」である
    かつ 事実 cause は推定で「insider」である
    かつ hear_the_person が待っている
    もし 部長の中村が hear_the_person に「実施した」と答える
    ならば take_data_back が待っている

  シナリオ: 誰の物でもない機器は、周囲を捜し、警察に相談する
    前提 窓口の佐藤がrogue_assetの案件「会議室に見慣れない無線の親機がある」を起票している
    もし 窓口の佐藤が is_it_an_incident に「インシデントである」と答える
    ならば what_is_it が待っている
    かつ whose_is_it が待っている
    かつ data_reached が待っている
    もし ハンドラーの田中が what_is_it に「無線の親機・ルーター」と答える
    ならば unplug_it が待っている
    もし 窓口の佐藤が whose_is_it に「分からない」と答える
    ならば search_the_place が待っている
    もし 窓口の佐藤が search_the_place に「実施した」と答える
    ならば consult_police が待っている
    もし 情報システム管理者の高橋が data_reached に理由「記録に通信がない」を添えて「いいえ」と答える
    ならば personal_data_touched は求められていない

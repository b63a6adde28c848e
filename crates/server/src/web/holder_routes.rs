//! The pages that only holders have, besides the first ones.

use axum::routing::{get, post};

use super::{
    bills, board, card_grade, card_purses, cards, documents, limits, months, notifications, pay, requests,
    transaction, transfer_purses, vouchers,
};
use crate::route_table::RouteTable;

/// The pages of cards, limits, requests, bills, board and notifications.
pub(super) fn routes() -> RouteTable {
    RouteTable::new()
        .route("/cards/view", post(cards::choose_view))
        .route("/cards/{card}", get(cards::show))
        .route("/cards/{card}/balance", post(cards::balance))
        .route("/cards/{card}/label", post(cards::rename))
        .route("/cards/{card}/freeze", post(cards::freeze))
        .route("/cards/{card}/unfreeze", post(cards::unfreeze))
        .route("/cards/{card}/remove", post(cards::remove))
        .route("/card-purses", get(card_purses::list))
        .route("/card-purses/bind", get(card_purses::show_bind).post(card_purses::bind))
        .route("/card-purses/{card}", get(card_purses::show))
        .route("/card-purses/{card}/grade", get(card_grade::explanation))
        .route("/card-purses/{card}/log.csv", get(card_purses::csv))
        .route("/card-purses/{card}/load-orders", post(card_purses::order))
        .route("/card-purses/{card}/load-orders/{id}/withdraw", post(card_purses::withdraw))
        .route("/card-purses/{card}/dues/{id}", post(card_purses::answer_due))
        .route("/card-purses/{card}/lost", post(card_purses::report))
        .route("/card-purses/{card}/transfer-loads", get(transfer_purses::show).post(transfer_purses::load))
        .route("/pay-with", post(cards::pay_with))
        .route("/pay/{merchant}/favourite", post(pay::favourite))
        .route("/history.pdf", get(documents::statement))
        .route("/transactions/{id}/receipt.pdf", get(documents::receipt))
        .route("/history/months", get(months::show))
        .route("/transactions/{id}/note", post(transaction::annotate))
        .route("/requests", get(requests::list))
        .route("/requests/new", get(requests::show_ask).post(requests::check_ask))
        .route("/requests/new/confirm", post(requests::confirm_ask))
        .route("/requests/{id}", get(requests::show))
        .route("/requests/{id}/pay", post(requests::pay))
        .route("/requests/{id}/decline", post(requests::decline))
        .route("/requests/{id}/withdraw", post(requests::withdraw))
        .route("/limits", get(limits::show).post(limits::change))
        .route("/lost", get(limits::show_lost))
        .route("/lost/stop", post(limits::stop))
        .route("/lost/release", post(limits::release))
        .route("/bills", get(bills::list))
        .route("/bills/{id}", get(bills::show))
        .route("/bills/{id}/pay", post(bills::pay))
        .route("/redeem", get(vouchers::show_redeem).post(vouchers::redeem))
        .route("/board", get(board::list))
        .route("/board/new", get(board::show_write).post(board::write))
        .route("/board/{id}", get(board::show))
        .route("/board/{id}/agree", post(board::agree))
        .route("/board/{id}/withdraw", post(board::withdraw))
        .route("/board/{id}/settle", post(board::settle))
        .route("/notifications", get(notifications::list))
        .route("/notifications/read", post(notifications::mark_read))
        .route("/notifications/choices", post(notifications::choose))
}

//! The pages of merchants, of buyers at their checkout, and of the operator who decides disputes.

use axum::routing::{get, post};

use super::{checkout, developer, merchant_terminals, office, orders, till, vouchers};
use crate::route_table::RouteTable;

/// Every page of this family.
pub(super) fn routes() -> RouteTable {
    order_routes().merge(till_routes()).merge(office_routes())
}

fn order_routes() -> RouteTable {
    RouteTable::new()
        .route("/checkout/{order}", get(checkout::show))
        .route("/checkout/{order}/pay", post(checkout::pay))
        .route("/checkout/{order}/confirm", post(checkout::confirm))
        .route("/checkout/{order}/dispute", post(checkout::dispute))
        .route("/orders", get(checkout::my_orders))
        .route("/merchant/orders", get(orders::list))
        .route("/merchant/orders/new", get(orders::show_new).post(orders::make))
        .route("/merchant/orders/{id}", get(orders::show))
        .route("/merchant/orders/{id}/refund", post(orders::refund))
        .route("/merchant/orders/{id}/note", post(orders::note))
        .route("/merchant/orders/{id}/cancel", post(orders::cancel))
        .route("/merchant/orders/{id}/answer", post(orders::answer))
        .route("/merchant/orders/{id}/concede", post(orders::concede))
        .route("/operator/disputes", get(orders::disputes))
        .route("/operator/disputes/{id}", get(orders::dispute))
        .route("/operator/disputes/{id}/propose", post(orders::propose))
        .route("/operator/disputes/{id}/confirm", post(orders::confirm))
}

fn till_routes() -> RouteTable {
    RouteTable::new()
        .route("/till", get(till::show))
        .route("/till/charge", post(till::charge))
        .route("/till/scan", post(till::scan))
        .route("/till/sales/{order}", get(till::sale))
        .route("/till/sales/{order}/cancel", post(till::cancel))
        .route("/till/charges/{id}", get(till::charged))
        .route("/till/undo/{payment}", post(till::undo))
        .route("/till/report", get(till::report).post(till::close))
        .route("/till/items", get(till::items).post(till::add_item))
        .route("/till/items/{item}/remove", post(till::remove_item))
        .route("/till/switch", post(till::switch))
        .route("/till/vouchers", get(vouchers::desk).post(vouchers::sell))
        .route("/till/vouchers/{voucher}/return", post(vouchers::take_back))
}

fn office_routes() -> RouteTable {
    RouteTable::new()
        .route("/merchant/terminals", get(merchant_terminals::show))
        .route("/merchant/settlement", get(office::settlement))
        .route("/merchant/settlement.csv", get(office::settlement_csv))
        .route("/merchant/poster", get(office::poster))
        .route("/merchant/staff", get(office::staff).post(office::hire))
        .route("/merchant/staff/pin", post(office::set_pin))
        .route("/merchant/staff/{principal}/role", post(office::set_role))
        .route("/merchant/developer", get(developer::show))
        .route("/merchant/developer/keys", post(developer::make_key))
        .route("/merchant/developer/keys/{key}/rotate", post(developer::rotate_key))
        .route("/merchant/developer/keys/{key}/revoke", post(developer::revoke_key))
        .route("/merchant/developer/endpoints", post(developer::add_endpoint))
        .route("/merchant/developer/endpoints/{endpoint}/rotate", post(developer::rotate_secret))
        .route("/merchant/developer/endpoints/{endpoint}/enable", post(developer::enable))
        .route("/merchant/developer/endpoints/{endpoint}/remove", post(developer::remove))
        .route("/merchant/developer/test", post(developer::test))
        .route("/merchant/developer/origins", post(developer::add_origin))
        .route("/merchant/developer/origins/remove", post(developer::remove_origin))
        .route("/merchant/developer/deliveries/{message}/{endpoint}", get(developer::delivery))
        .route("/merchant/developer/deliveries/{message}/{endpoint}/again", post(developer::send_again))
}

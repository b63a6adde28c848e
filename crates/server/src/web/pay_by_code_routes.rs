//! The pages of codes to pay by, and of the vault.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::{payer_code, qr_picture, scan, vault, vault_passkey};
use crate::route_table::RouteTable;

/// What a multipart form adds to the photo in it.
const FORM_BYTES: usize = 16 * 1024;

/// The pages of scanning, showing a code and charging it.
pub(super) fn codes() -> RouteTable {
    let frame = post(scan::frame).layer(DefaultBodyLimit::max(qr_picture::FRAME_PIXELS_MAX));
    let photo = post(scan::photo).layer(DefaultBodyLimit::max(qr_picture::PHOTO_BYTES_MAX + FORM_BYTES));
    RouteTable::new()
        .route("/scan", get(scan::show).post(scan::read))
        .route("/scan/frame", frame)
        .route("/scan/photo", photo)
        .route("/scan/check", post(scan::check))
        .route("/scan/pay", post(scan::pay))
        .route("/pay-code", get(payer_code::show))
        .route("/pay-code/state.json", get(payer_code::state))
        .route("/pay-code/confirm", post(payer_code::confirm))
        .route("/pay-code/reject", post(payer_code::reject))
        .route("/merchant/charge", get(payer_code::show_charge).post(payer_code::charge))
        .route("/merchant/charge/{id}", get(payer_code::show_waiting))
}

/// The pages of the vault.
pub(super) fn vaults() -> RouteTable {
    RouteTable::new()
        .route("/vault", get(vault::show))
        .route("/vault/create", post(vault::create))
        .route("/vault/open", post(vault::open))
        .route("/vault/open/passkey", post(vault_passkey::open))
        .route("/vault/passkeys", get(vault_passkey::show).post(vault_passkey::add))
        .route("/vault/passkeys/forget", post(vault_passkey::forget))
        .route("/vault/lock", post(vault::lock))
        .route("/vault/reset", post(vault::reset))
        .route("/vault/pin", get(vault::show_pin).post(vault::change_pin))
        .route("/vault/new", get(vault::show_new))
        .route("/vault/items", post(vault::add))
        .route("/vault/items/{id}", get(vault::show_item).post(vault::change))
        .route("/vault/items/{id}/edit", get(vault::show_edit))
        .route("/vault/items/{id}/copy", post(vault::copy))
        .route("/vault/items/{id}/delete", post(vault::remove))
        .route("/vault/new-set", get(vault::show_new_set))
        .route("/vault/sets", post(vault::add_set))
        .route("/vault/sets/{id}", post(vault::change_set))
        .route("/vault/order-form", get(vault::order_form).post(vault::try_order))
        .route("/vault/export.xml", get(vault::export_ecml))
        .route("/vault/export.vcf", get(vault::export_vcard))
}

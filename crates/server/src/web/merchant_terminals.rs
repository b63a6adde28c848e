//! The terminals of a merchant, and what they took from card purses.

use axum::response::Response;
use money::{Amount, Currency, Delta};
use operations::card_purses::terminals as fleet;
use pages::merchant_terminals::{MerchantTerminals, Takings};
use records::card_uploads::CardUpload;
use records::till::StaffRole;

use super::card_purse_views::merchant_name;
use super::merchant::main_currency;
use super::stop::Stop;
use super::visit::{StaffVisit, page};
use super::{staff_role, terminal_lines};

/// How many batches of each terminal are shown, and how many altogether.
const BATCHES: u32 = 20;

/// `GET /merchant/terminals`
pub(super) async fn show(staff: StaffVisit) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Manager).await?;
    let StaffVisit { visit, merchant } = &staff;
    let operations = visit.app.operations();
    let terminals = visit.need(fleet::of_merchant(operations, *merchant).await)?;
    let currency = main_currency(visit);
    let mut takings = Vec::new();
    for terminal in &terminals {
        let uploads = visit.need(fleet::uploads(operations, terminal.id, BATCHES).await)?;
        takings.extend(uploads.iter().map(|upload| taken(&terminal.label, upload, currency)));
    }
    takings.sort_by_key(|batch| std::cmp::Reverse(batch.at));
    takings.truncate(usize::try_from(BATCHES).unwrap_or(usize::MAX));
    let view = MerchantTerminals {
        shop: merchant_name(visit, *merchant).await?,
        terminals: terminal_lines::lines(visit, terminals).await?,
        takings,
    };
    Ok(page(pages::merchant_terminals::terminals(&visit.frame(), &view)))
}

fn taken(label: &str, upload: &CardUpload, currency: Currency) -> Takings {
    Takings {
        terminal: label.to_owned(),
        batch: upload.number.0,
        at: upload.uploaded_at,
        records: upload.records,
        refused: upload.receipt.as_ref().map(|receipt| receipt.refused),
        taken: net(upload, currency).unwrap_or(Amount::zero(currency).to_delta()),
    }
}

/// What was paid less what was given back, as the terminal adds up.
fn net(upload: &CardUpload, currency: Currency) -> Option<Delta> {
    let sum = |minor| Amount::from_minor(minor, currency).ok().map(Amount::to_delta);
    sum(upload.done)?.checked_add(sum(upload.cancelled)?.negated()).ok()
}

//! Terminals in the words and types of pages: what merchants and the operator both see.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ledger::NANOSECONDS_PER_SECOND;
use messages::card::ListVersion;
use operations::card_purses::lists::{self, SignedVersion};
use operations::card_purses::terminals::{self as fleet, Terminal};
use pages::control::terminals::{LastBatch, ListsHeld, TerminalLine, VersionHeld};
use records::card_uploads::CardUpload;
use wallet::ids::MerchantId;

use super::card_purse_views::merchant_name;
use super::stop::Stop;
use super::visit::Visit;

/// A clock that is ahead by no more is not worth a word.
const CLOCK_TOLERANCE_SECONDS: u64 = 60;

/// The newest version of each list, in the order of [`Terminal::lists`].
pub(super) async fn newest(visit: &Visit) -> Result<[Option<SignedVersion>; 3], Stop> {
    let (operations, none) = (visit.app.operations(), ListVersion::default());
    Ok([
        visit.need(lists::status(operations, none).await)?,
        visit.need(lists::white(operations, none).await)?,
        visit.need(lists::parameters(operations, none).await)?,
    ])
}

/// Terminals as tables show them.
pub(super) async fn lines(visit: &Visit, terminals: Vec<Terminal>) -> Result<Vec<TerminalLine>, Stop> {
    let newest = newest(visit).await?.map(|signed| signed.map_or(0, |signed| signed.version.0));
    let mut names: HashMap<MerchantId, String> = HashMap::new();
    let mut lines = Vec::with_capacity(terminals.len());
    for terminal in terminals {
        let merchant = match names.entry(terminal.merchant) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(merchant_name(visit, terminal.merchant).await?).clone(),
        };
        let uploads = visit.need(fleet::uploads(visit.app.operations(), terminal.id, 1).await)?;
        lines.push(TerminalLine {
            id: fleet::name(terminal.id),
            merchant,
            seen_at: terminal.last_seen,
            last_batch: uploads.first().map(last_batch),
            lists: held(terminal.lists, newest),
            is_blocked: terminal.is_blocked,
            label: terminal.label,
        });
    }
    Ok(lines)
}

fn held(held: [ListVersion; 3], newest: [u32; 3]) -> ListsHeld {
    let [status, white, parameters] = held;
    let [newest_status, newest_white, newest_parameters] = newest;
    let version = |held: ListVersion, newest: u32| VersionHeld { held: held.0.into(), newest: newest.into() };
    ListsHeld {
        status: version(status, newest_status),
        white: version(white, newest_white),
        parameters: version(parameters, newest_parameters),
    }
}

fn last_batch(upload: &CardUpload) -> LastBatch {
    let ahead = upload.clock.0.saturating_sub(upload.uploaded_at.0) / NANOSECONDS_PER_SECOND;
    LastBatch {
        number: upload.number.0,
        at: upload.uploaded_at,
        records: upload.records,
        clock_ahead_seconds: Some(ahead).filter(|ahead| *ahead > CLOCK_TOLERANCE_SECONDS),
    }
}

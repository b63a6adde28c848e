//! What a holder has set: how cards are shown, what to pay with, when to be warned, what to be told.

use ledger::Timestamp;
use wallet::ids::{CardId, HolderId};

use crate::sql::{codes, first};
use crate::{RecordsError, Row, Sql, Value};

codes! {
    /// How the list of cards is shown.
    pub enum CardsView {
        /// Drawn cards.
        Pictures = "pictures",
        /// Every detail as text.
        Details = "details",
        /// Small icons in rows.
        Icons = "icons",
    }
}

/// What a holder has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderSettings {
    /// How the list of cards is shown.
    pub cards_view: CardsView,
    /// What one-click payment charges; `None`: the wallet.
    pub default_card: Option<CardId>,
    /// Below this many minor units of the first wallet the holder is warned.
    pub low_balance: Option<u64>,
    /// The codes of the notifications that the holder does not want.
    pub muted: Vec<String>,
    /// Since when the holder's spending is stopped, as after the loss of a device.
    pub stopped_at: Option<Timestamp>,
}

impl Default for HolderSettings {
    fn default() -> Self {
        Self {
            cards_view: CardsView::Pictures,
            default_card: None,
            low_balance: None,
            muted: Vec::new(),
            stopped_at: None,
        }
    }
}

/// The settings of a holder, the usual ones where nothing was set.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, holder: HolderId) -> Result<HolderSettings, RecordsError> {
    let rows = sql.query(
        "SELECT cards_view, default_card_id, low_balance, muted, stopped_at FROM holder_settings \
         WHERE holder_id = $1",
        &[holder.into()],
    )?;
    Ok(first(&rows, read)?.unwrap_or_default())
}

/// Keeps the settings of a holder.
///
/// # Errors
/// What the database says.
pub fn put(
    sql: &mut dyn Sql,
    holder: HolderId,
    settings: &HolderSettings,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO holder_settings (holder_id, cards_view, default_card_id, low_balance, muted, stopped_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (holder_id) DO UPDATE SET \
         cards_view = excluded.cards_view, default_card_id = excluded.default_card_id, \
         low_balance = excluded.low_balance, muted = excluded.muted, stopped_at = excluded.stopped_at, \
         updated_at = excluded.updated_at",
        &[
            holder.into(),
            settings.cards_view.into(),
            settings.default_card.into(),
            settings.low_balance.map(|minor| i64::try_from(minor).unwrap_or(i64::MAX)).into(),
            Value::from(settings.muted.join(" ")),
            settings.stopped_at.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<HolderSettings, RecordsError> {
    Ok(HolderSettings {
        cards_view: row.code(0)?,
        default_card: row.optional_id(1)?,
        low_balance: row.optional(2, Row::count)?,
        muted: row.text(3)?.split_whitespace().map(str::to_owned).collect(),
        stopped_at: row.optional_timestamp(4)?,
    })
}

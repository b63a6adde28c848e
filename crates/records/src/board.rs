//! The neighbours' board: what people offer and want.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{HolderId, OperationId, PostId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// Which way a post goes.
    pub enum PostKind {
        /// The author does or gives something, and is paid.
        Offer = "offer",
        /// The author looks for something, and pays.
        Want = "want",
    }
}

codes! {
    /// How far a post came.
    pub enum PostState {
        /// Anybody may agree to it.
        Open = "open",
        /// Somebody has agreed.
        Agreed = "agreed",
        /// Paid, once.
        Settled = "settled",
        /// Taken back by its author.
        Withdrawn = "withdrawn",
    }
}

/// One post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// Who wrote it.
    pub author: HolderId,
    /// Which way it goes.
    pub kind: PostKind,
    /// In a few words.
    pub title: String,
    /// In more words; may be empty.
    pub words: String,
    /// The price.
    pub amount: Amount,
    /// How far it came.
    pub state: PostState,
    /// Who has agreed.
    pub partner: Option<HolderId>,
    /// The transfer that settled it.
    pub operation: Option<OperationId>,
    /// When it was written.
    pub created_at: Timestamp,
}

impl Post {
    /// Who pays whom when it is settled: payer, payee. `None` while nobody has agreed.
    #[must_use]
    pub fn sides(&self) -> Option<(HolderId, HolderId)> {
        let partner = self.partner?;
        Some(match self.kind {
            PostKind::Offer => (partner, self.author),
            PostKind::Want => (self.author, partner),
        })
    }
}

const COLUMNS: &str =
    "id, author_id, kind, title, words, currency, amount, state, partner_id, operation_id, created_at";

/// The most posts that one list has.
const LIST_MAX: u32 = 100;

/// Puts a post on the board, unless its id is there.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, post: &Post) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO board_posts (id, author_id, kind, title, words, currency, amount, state, partner_id, \
         operation_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT DO NOTHING",
        &[
            post.id.into(),
            post.author.into(),
            post.kind.into(),
            post.title.as_str().into(),
            post.words.as_str().into(),
            post.amount.currency().into(),
            minor(post.amount),
            post.state.into(),
            post.partner.into(),
            post.operation.into(),
            post.created_at.into(),
            post.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The post with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: PostId) -> Result<Option<Post>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM board_posts WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The open posts of everybody, newest first.
///
/// # Errors
/// What the database says.
pub fn open(sql: &mut dyn Sql) -> Result<Vec<Post>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM board_posts WHERE state = 'open' ORDER BY created_at DESC, id LIMIT $1"
        ),
        &[LIST_MAX.into()],
    )?;
    each(&rows, read)
}

/// The posts that a holder wrote or agreed to, newest first.
///
/// # Errors
/// What the database says.
pub fn of_holder(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<Post>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM board_posts WHERE author_id = $1 OR partner_id = $1 \
             ORDER BY created_at DESC, id LIMIT $2"
        ),
        &[holder.into(), LIST_MAX.into()],
    )?;
    each(&rows, read)
}

/// Moves a post from one state to another. `partner` is who has agreed, where anybody has. Says whether the post was in
/// that state.
///
/// # Errors
/// What the database says.
pub fn turn(
    sql: &mut dyn Sql,
    id: PostId,
    (from, to): (PostState, PostState),
    partner: Option<HolderId>,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE board_posts SET state = $1, partner_id = $2, updated_at = $3 WHERE id = $4 AND state = $5",
        &[to.into(), partner.into(), now.into(), id.into(), from.into()],
    )?;
    Ok(changed == 1)
}

/// Notes the transfer that settled a post: the ledger has decided.
///
/// # Errors
/// What the database says.
pub fn note_settled(
    sql: &mut dyn Sql,
    id: PostId,
    operation: OperationId,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE board_posts SET state = 'settled', operation_id = $1, updated_at = $2 WHERE id = $3",
        &[operation.into(), now.into(), id.into()],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<Post, RecordsError> {
    let currency = row.currency(5)?;
    Ok(Post {
        id: row.id(0)?,
        author: row.id(1)?,
        kind: row.code(2)?,
        title: row.string(3)?,
        words: row.string(4)?,
        amount: row.amount(6, currency)?,
        state: row.code(7)?,
        partner: row.optional_id(8)?,
        operation: row.optional_id(9)?,
        created_at: row.timestamp(10)?,
    })
}

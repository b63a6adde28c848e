//! History: newest first, filtered, page by page.

use ledger::Timestamp;
use money::Currency;
use wallet::ids::{CardId, HolderId, MerchantId};

use super::{COLUMNS, Operation, OperationKind, OperationState, PartyId, read};
use crate::sql::each;
use crate::{RecordsError, Sql, Value};

/// The most operations on one page.
pub const PAGE_MAX: u32 = 100;

/// Which operations to show; everything that is `None` shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those where this party pays or is paid. `None` is for the operator, who sees all.
    pub party: Option<PartyId>,
    /// Those of this kind.
    pub kind: Option<OperationKind>,
    /// Those in this state.
    pub state: Option<OperationState>,
    /// Those in this currency.
    pub currency: Option<Currency>,
    /// Those with this merchant.
    pub merchant: Option<MerchantId>,
    /// Those with this bank card.
    pub card: Option<CardId>,
    /// Those asked for at this moment or later.
    pub from: Option<Timestamp>,
    /// Those asked for before this moment.
    pub until: Option<Timestamp>,
    /// Those whose memo has this text, upper and lower case alike.
    pub text: Option<String>,
    /// Those of a holder whose memo, own note or other side's name has this text.
    pub search: Option<(HolderId, String)>,
    /// Those that the holder has given this tag.
    pub tag: Option<(HolderId, String)>,
}

/// Where the next page begins: just before the operation with this `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub i64);

/// A page of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub operations: Vec<Operation>,
    /// Where to go on, where there is more.
    pub next: Option<Cursor>,
}

/// The newest operations that pass the filter, beginning before `cursor`, at most `limit` (itself at most
/// [`PAGE_MAX`]). What is inserted between two pages changes neither: there is no gap and no duplicate.
///
/// # Errors
/// What the database says.
pub fn history(
    sql: &mut dyn Sql,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<Page, RecordsError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let mut query = Query::new(filter, cursor);
    // One more than the page holds tells whether there is another page.
    let one_more = query.param(Value::from(limit.saturating_add(1)));
    let text = query.text(filter.party, &one_more);
    let rows = sql.query(&text, &query.params)?;
    let mut operations = each(&rows, read)?;
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = if operations.len() > full {
        operations.truncate(full);
        operations.last().map(|last| Cursor(last.seq))
    } else {
        None
    };
    Ok(Page { operations, next })
}

/// The conditions of a query and the values of its placeholders.
struct Query {
    conditions: Vec<String>,
    params: Vec<Value>,
}

impl Query {
    fn new(filter: &Filter, cursor: Option<Cursor>) -> Self {
        let mut query = Self { conditions: Vec::new(), params: Vec::new() };
        query.compare("seq <", cursor.map(|cursor| cursor.0));
        query.compare("kind =", filter.kind);
        query.compare("state =", filter.state);
        query.compare("currency =", filter.currency);
        query.compare("merchant_id =", filter.merchant);
        query.compare("card_id =", filter.card);
        query.compare("created_at >=", filter.from);
        query.compare("created_at <", filter.until);
        if let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) {
            let pattern = query.param(Value::from(contains(text)));
            query.conditions.push(format!("LOWER(memo) LIKE LOWER({pattern}) ESCAPE '!'"));
        }
        if let Some((holder, text)) = filter.search.as_ref().filter(|(_, text)| !text.is_empty()) {
            query.search(*holder, text);
        }
        if let Some((holder, tag)) = &filter.tag {
            let (holder, tag) =
                (query.param(Value::from(*holder)), query.param(Value::from(contains(&format!(" {tag} ")))));
            query.conditions.push(format!(
                "EXISTS (SELECT 1 FROM annotations WHERE holder_id = {holder} AND operation_id = operations.id \
                 AND tags LIKE {tag} ESCAPE '!')"
            ));
        }
        query
    }

    /// Looks for the text wherever a holder sees words.
    fn search(&mut self, holder: HolderId, text: &str) {
        let holder = self.param(Value::from(holder));
        let pattern = self.param(Value::from(contains(text)));
        let like = |column: &str| format!("LOWER({column}) LIKE LOWER({pattern}) ESCAPE '!'");
        let people = format!("{} OR {}", like("principals.name"), like("principals.latin_name"));
        let shops = format!("{} OR {}", like("merchants.name_zh"), like("merchants.name_en"));
        let named = |side: &str| {
            format!(
                "EXISTS (SELECT 1 FROM principals WHERE principals.id = operations.{side} AND ({people})) \
                 OR EXISTS (SELECT 1 FROM merchants WHERE merchants.id = operations.{side} AND ({shops}))"
            )
        };
        self.conditions.push(format!(
            "({} OR EXISTS (SELECT 1 FROM annotations WHERE holder_id = {holder} AND operation_id = operations.id \
             AND {}) OR {} OR {})",
            like("memo"),
            like("note"),
            named("payer_id"),
            named("payee_id"),
        ));
    }

    /// The placeholder of a new parameter.
    fn param(&mut self, value: Value) -> String {
        self.params.push(value);
        format!("${}", self.params.len())
    }

    fn compare(&mut self, left: &str, right: Option<impl Into<Value>>) {
        if let Some(value) = right {
            let placeholder = self.param(value.into());
            self.conditions.push(format!("{left} {placeholder}"));
        }
    }

    fn select(&self, party: Option<String>, limit: &str) -> String {
        let conditions: Vec<&str> = party.iter().chain(&self.conditions).map(String::as_str).collect();
        let filter = if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join(" AND ") };
        format!("SELECT {COLUMNS} FROM operations WHERE {filter} ORDER BY seq DESC LIMIT {limit}")
    }

    /// A party's history is merged from two index scans: what it paid, and what others paid to it.
    fn text(&mut self, party: Option<PartyId>, limit: &str) -> String {
        let Some(party) = party else {
            return self.select(None, limit);
        };
        let party = self.param(party.into());
        let paid = self.select(Some(format!("payer_id = {party}")), limit);
        let received = self
            .select(Some(format!("payee_id = {party} AND (payer_id IS NULL OR payer_id <> {party})")), limit);
        format!(
            "SELECT {COLUMNS} FROM (SELECT * FROM ({paid}) AS paid UNION ALL SELECT * FROM ({received}) AS received) \
             AS both_sides ORDER BY seq DESC LIMIT {limit}"
        )
    }
}

/// The pattern for LIKE that finds `text` anywhere.
pub(crate) fn contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

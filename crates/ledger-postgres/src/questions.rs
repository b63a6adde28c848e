//! Questions about the past, one statement each.

use std::collections::HashMap;

use ledger::{
    Account, AccountBalance, AccountFilter, AccountFilterFlags, AccountId, QueryFilter, QueryFilterFlags,
    Timestamp, Transfer, TransferId,
};
use postgres::Row;
use postgres::types::ToSql;

use crate::rows::{self, ACCOUNT, TRANSFER};
use crate::session::Session;
use crate::words::{Wide, WideOrNull};

pub(crate) fn lookup_accounts(
    session: &mut Session,
    ids: &[AccountId],
) -> Result<Vec<Account>, postgres::Error> {
    let wanted: Vec<Wide> = ids.iter().map(|id| Wide(id.0)).collect();
    let found = session.client.query(&session.statements.accounts, &[&wanted])?;
    let found: HashMap<AccountId, Account> = found.iter().map(rows::account).map(|a| (a.id, a)).collect();
    Ok(ids.iter().filter_map(|id| found.get(id).copied()).collect())
}

pub(crate) fn lookup_transfers(
    session: &mut Session,
    ids: &[TransferId],
) -> Result<Vec<Transfer>, postgres::Error> {
    let wanted: Vec<Wide> = ids.iter().map(|id| Wide(id.0)).collect();
    let found = session.client.query(&session.statements.transfers, &[&wanted])?;
    let found: HashMap<TransferId, Transfer> = found.iter().map(rows::transfer).map(|t| (t.id, t)).collect();
    Ok(ids.iter().filter_map(|id| found.get(id).copied()).collect())
}

pub(crate) fn account_transfers(
    session: &mut Session,
    filter: &AccountFilter,
) -> Result<Vec<Transfer>, postgres::Error> {
    Ok(rows_of_account(session, filter)?.iter().map(rows::transfer).collect())
}

pub(crate) fn account_balances(
    session: &mut Session,
    filter: &AccountFilter,
) -> Result<Vec<AccountBalance>, postgres::Error> {
    let rows = rows_of_account(session, filter)?;
    let balances = rows.iter().filter_map(|row| {
        let transfer = rows::transfer(row);
        let column = if transfer.debit_account_id == filter.account_id { 13 } else { 14 };
        row.get::<_, Option<&[u8]>>(column)
            .and_then(|packed| rows::unpack_balances(packed, transfer.timestamp))
    });
    Ok(balances.collect())
}

pub(crate) fn query_accounts(
    session: &mut Session,
    filter: &QueryFilter,
) -> Result<Vec<Account>, postgres::Error> {
    Ok(rows_of_query(session, "ledger_accounts", ACCOUNT, filter)?.iter().map(rows::account).collect())
}

pub(crate) fn query_transfers(
    session: &mut Session,
    filter: &QueryFilter,
) -> Result<Vec<Transfer>, postgres::Error> {
    Ok(rows_of_query(session, "ledger_transfers", TRANSFER, filter)?.iter().map(rows::transfer).collect())
}

/// The conditions of a question with their parameters; a condition that would allow anything is left out.
struct Conditions<'a> {
    text: String,
    parameters: Vec<&'a (dyn ToSql + Sync)>,
}

impl<'a> Conditions<'a> {
    fn of(columns: &[(&str, bool, &'a (dyn ToSql + Sync))]) -> Self {
        let mut conditions = Self { text: "TRUE".to_owned(), parameters: Vec::new() };
        for (comparison, wanted, parameter) in columns {
            if *wanted {
                conditions.parameters.push(*parameter);
                conditions.text += &format!(" AND {comparison} ${}", conditions.parameters.len());
            }
        }
        conditions
    }

    /// The place of one more parameter.
    fn push(&mut self, parameter: &'a (dyn ToSql + Sync)) -> String {
        self.parameters.push(parameter);
        format!("${}", self.parameters.len())
    }
}

/// The transfers of an account with both their packed balances, from the index of each side that is asked for.
fn rows_of_account(session: &mut Session, filter: &AccountFilter) -> Result<Vec<Row>, postgres::Error> {
    if !filter.is_valid() {
        return Ok(Vec::new());
    }
    let (min, max) = window(filter.timestamp_min, filter.timestamp_max);
    let limit = i64::try_from(filter.row_limit()).unwrap_or(i64::MAX);
    let (account, user_data_128) = (Wide(filter.account_id.0), WideOrNull(filter.user_data_128));
    let (user_data_64, user_data_32) = (filter.user_data_64.cast_signed(), filter.user_data_32.cast_signed());
    let code = i32::from(filter.code.0);
    let mut conditions = Conditions::of(&[
        ("timestamp >=", true, &min),
        ("timestamp <=", true, &max),
        ("user_data_128 =", filter.user_data_128 != 0, &user_data_128),
        ("user_data_64 =", filter.user_data_64 != 0, &user_data_64),
        ("user_data_32 =", filter.user_data_32 != 0, &user_data_32),
        ("code =", !filter.code.is_zero(), &code),
    ]);
    let (account, limit) = (conditions.push(&account), conditions.push(&limit));
    let order = order(filter.flags.contains(AccountFilterFlags::REVERSED));
    let sides = [
        (AccountFilterFlags::DEBITS, "debit_account_id"),
        (AccountFilterFlags::CREDITS, "credit_account_id"),
    ];
    let asked = sides.iter().filter(|(side, _)| filter.flags.contains(*side));
    let selects: Vec<String> = asked
        .map(|(_, column)| {
            format!(
                "(SELECT {TRANSFER}, debit_balances, credit_balances FROM ledger_transfers \
                 WHERE {column} = {account} AND {} ORDER BY timestamp {order} LIMIT {limit})",
                conditions.text
            )
        })
        .collect();
    let either_side = selects.join(" UNION ALL ");
    let statement = format!("SELECT * FROM ({either_side}) AS t ORDER BY timestamp {order} LIMIT {limit}");
    session.client.query(&statement, &conditions.parameters)
}

fn rows_of_query(
    session: &mut Session,
    table: &str,
    columns: &str,
    filter: &QueryFilter,
) -> Result<Vec<Row>, postgres::Error> {
    if !filter.is_valid() {
        return Ok(Vec::new());
    }
    let (min, max) = window(filter.timestamp_min, filter.timestamp_max);
    let limit = i64::try_from(filter.row_limit()).unwrap_or(i64::MAX);
    let user_data_128 = WideOrNull(filter.user_data_128);
    let (user_data_64, user_data_32) = (filter.user_data_64.cast_signed(), filter.user_data_32.cast_signed());
    let (ledger, code) = (filter.ledger.0.cast_signed(), i32::from(filter.code.0));
    let mut conditions = Conditions::of(&[
        ("timestamp >=", !filter.timestamp_min.is_zero(), &min),
        ("timestamp <=", !filter.timestamp_max.is_zero(), &max),
        ("user_data_128 =", filter.user_data_128 != 0, &user_data_128),
        ("user_data_64 =", filter.user_data_64 != 0, &user_data_64),
        ("user_data_32 =", filter.user_data_32 != 0, &user_data_32),
        ("ledger =", !filter.ledger.is_zero(), &ledger),
        ("code =", !filter.code.is_zero(), &code),
    ]);
    let limit = conditions.push(&limit);
    let order = order(filter.flags.contains(QueryFilterFlags::REVERSED));
    let statement = format!(
        "SELECT {columns} FROM {table} WHERE {} ORDER BY timestamp {order} LIMIT {limit}",
        conditions.text
    );
    session.client.query(&statement, &conditions.parameters)
}

const fn order(reversed: bool) -> &'static str {
    if reversed { "DESC" } else { "ASC" }
}

fn window(min: Timestamp, max: Timestamp) -> (i64, i64) {
    let max = if max.is_zero() { Timestamp::LAST } else { max };
    (min.0.cast_signed(), max.0.cast_signed())
}

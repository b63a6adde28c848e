//! Everything that is kept about one person, as one JSON document.

use ledger::Timestamp;
use operations::{audit_log, balances};
use records::person::{self, Told};
use records::principals::{Principal, Role};
use serde_json::{Map, Value, json};
use wallet::ids::HolderId;

use crate::App;
use crate::problem::{Problem, internal};
use crate::rfc3339;

/// Everything that is kept about this person. Secrets are left out.
pub(crate) async fn person_export(app: &App, person: Principal) -> Result<Value, Problem> {
    let id = person.id;
    audit_log::note(app.operations(), id, "person.exported", &id.to_string(), &[]).await?;
    let kept = app.records().read(move |sql| person::everything(sql, id)).await.map_err(internal)?;
    let tables: Map<String, Value> = kept
        .into_iter()
        .map(|(table, rows)| (table.to_owned(), rows.into_iter().map(object).collect()))
        .collect();
    let balances = if person.role == Role::Holder {
        balances_of(app, HolderId::new(id.bits())).await?
    } else {
        json!([])
    };
    Ok(json!({"exported_at": rfc3339::format(app.now()), "balances": balances, "records": tables}))
}

async fn balances_of(app: &App, holder: HolderId) -> Result<Value, Problem> {
    let wallets = balances::of_holder(app.operations(), holder).await?;
    let one = |wallet: balances::WalletBalance| {
        json!({
            "currency": wallet.currency.code(),
            "available": wallet.balance.available.minor(),
            "leaving": wallet.balance.leaving.minor(),
            "coming": wallet.balance.coming.minor(),
        })
    };
    Ok(wallets.into_iter().map(one).collect())
}

fn object(row: Vec<(&'static str, Told)>) -> Value {
    let members = row.into_iter().map(|(column, told)| (column.to_owned(), value(column, told)));
    Value::Object(members.collect())
}

fn value(column: &str, told: Told) -> Value {
    match told {
        Told::Nothing => Value::Null,
        Told::Number(nanoseconds) if column.ends_with("_at") => {
            u64::try_from(nanoseconds).map_or(Value::Null, |at| rfc3339::format(Timestamp(at)).into())
        }
        Told::Number(number) => number.into(),
        Told::Text(text) => text.into(),
        Told::Id(bytes) => format!("{:032x}", u128::from_be_bytes(bytes)).into(),
    }
}

//! Everything that is kept about one person, for whoever asks what is known about them.
//!
//! Secrets are left out, hashed or sealed as they are: they would help nobody but a thief. A test holds the list below
//! against the schema, so that a new table cannot be forgotten.

use wallet::ids::PrincipalId;

use crate::{RecordsError, Row, Sql, Value};

/// One table, as far as it is about people.
struct About {
    table: &'static str,
    /// The columns that name the person.
    whose: &'static [&'static str],
    /// The columns that are told.
    told: &'static [&'static str],
}

const fn about(table: &'static str, whose: &'static [&'static str], told: &'static [&'static str]) -> About {
    About { table, whose, told }
}

/// What is told, table by table.
const TOLD: &[About] = &[
    about(
        "principals",
        &["id"],
        &["id", "role", "login", "phone", "name", "latin_name", "language", "theme", "status", "created_at"],
    ),
    about("sessions", &["principal_id"], &["id", "device", "address", "created_at", "seen_at", "expires_at"]),
    about("known_devices", &["principal_id"], &["device", "created_at", "seen_at"]),
    about("passkeys", &["principal_id"], &["id", "rp_id", "name", "created_at", "used_at"]),
    about("payment_pins", &["principal_id"], &["changed_at"]),
    about("one_time_passwords", &["principal_id"], &["created_at", "confirmed_at"]),
    about("recovery_codes", &["principal_id"], &["created_at", "used_at"]),
    about("api_keys", &["principal_id"], &["id", "label", "created_at", "used_at", "revoked_at"]),
    about("wallets", &["holder_id"], &["currency", "status", "created_at"]),
    about(
        "cards",
        &["holder_id"],
        &[
            "id",
            "brand",
            "masked_number",
            "label",
            "expiry_year",
            "expiry_month",
            "state",
            "created_at",
            "deleted_at",
        ],
    ),
    about(
        "operations",
        &["payer_id", "payee_id"],
        &[
            "id",
            "kind",
            "state",
            "reason",
            "payer_id",
            "payee_id",
            "merchant_id",
            "card_id",
            "currency",
            "amount",
            "memo",
            "created_at",
            "updated_at",
        ],
    ),
    about(
        "step_up_challenges",
        &["payer_id"],
        &["payee_id", "currency", "amount", "created_at", "proven_at", "proven_by", "operation_id"],
    ),
    about(
        "holder_settings",
        &["holder_id"],
        &["cards_view", "low_balance", "muted", "stopped_at", "updated_at"],
    ),
    about("identity_checks", &["holder_id"], &["identity", "checked_at"]),
    about("annotations", &["holder_id"], &["operation_id", "note", "tags", "updated_at"]),
    about("spending_limits", &["holder_id"], &["currency", "single", "daily", "updated_at"]),
    about(
        "money_requests",
        &["payer_id", "payee_id"],
        &["id", "payer_id", "payee_id", "currency", "amount", "memo", "state", "created_at", "expires_at"],
    ),
    about(
        "card_payments",
        &["holder_id"],
        &["id", "merchant_id", "card_id", "currency", "amount", "memo", "state", "created_at"],
    ),
    about("favourites", &["holder_id"], &["merchant_id", "created_at"]),
    about(
        "bills",
        &["holder_id"],
        &["id", "merchant_id", "kind", "account_number", "period", "currency", "amount", "due_day", "state"],
    ),
    about(
        "board_posts",
        &["author_id"],
        &["id", "kind", "title", "words", "currency", "amount", "state", "created_at"],
    ),
    about("notifications", &["principal_id"], &["kind", "currency", "amount", "created_at", "read_at"]),
    about(
        "payer_charges",
        &["holder_id"],
        &["id", "merchant_id", "currency", "amount", "memo", "created_at"],
    ),
    about("vaults", &["holder_id"], &["created_at", "updated_at"]),
    about("vault_items", &["holder_id"], &["id", "version", "created_at", "updated_at"]),
    about(
        "orders",
        &["payer_id", "created_by"],
        &[
            "id",
            "merchant_id",
            "description",
            "currency",
            "amount",
            "refunded",
            "state",
            "created_at",
            "paid_at",
        ],
    ),
    about("staff_roles", &["principal_id"], &["role"]),
    about("operator_duties", &["principal_id"], &["role", "permissions", "updated_at"]),
];

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing is kept.
    Nothing,
    /// A number; in columns that end in `_at`, nanoseconds since 1970.
    Number(i64),
    /// A text.
    Text(String),
    /// An id.
    Id([u8; 16]),
}

/// What is kept in one table: each row with the names of its columns.
pub type Kept = (&'static str, Vec<Vec<(&'static str, Told)>>);

/// Everything that is kept about this person, table by table.
///
/// # Errors
/// What the database says.
pub fn everything(sql: &mut dyn Sql, person: PrincipalId) -> Result<Vec<Kept>, RecordsError> {
    TOLD.iter().map(|about| Ok((about.table, rows(sql, about, person)?))).collect()
}

fn rows(
    sql: &mut dyn Sql,
    about: &About,
    person: PrincipalId,
) -> Result<Vec<Vec<(&'static str, Told)>>, RecordsError> {
    let whose: Vec<String> =
        (1..).zip(about.whose).map(|(number, column)| format!("{column} = ${number}")).collect();
    let text = format!("SELECT {} FROM {} WHERE {}", about.told.join(", "), about.table, whose.join(" OR "));
    let params: Vec<Value> = about.whose.iter().map(|_| person.into()).collect();
    let found = sql.query(&text, &params)?;
    found.iter().map(|row| told(row, about.told)).collect()
}

fn told(row: &Row, columns: &[&'static str]) -> Result<Vec<(&'static str, Told)>, RecordsError> {
    let one = |(index, column): (usize, &&'static str)| {
        let value = match row.value(index)? {
            Value::Null => Told::Nothing,
            Value::Int(number) => Told::Number(*number),
            Value::Text(text) => Told::Text(text.clone().into_owned()),
            Value::Id(bytes) => Told::Id(*bytes),
            Value::Bytes(_) => return Err(RecordsError::Unreadable(format!("{column} is no id"))),
        };
        Ok((*column, value))
    };
    columns.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables that name people in their work for the operator or a merchant, or that hold nothing but what soon expires.
    const NOT_ABOUT_ANYBODY: [&str; 10] = [
        "passkey_challenges",
        "half_log_ins",
        "payer_codes",
        "disputes",
        "shifts",
        "risk_rules",
        "reviews",
        "black_list_changes",
        "day_closes",
        "bank_files",
    ];

    const STEPS: [&str; 7] = [
        include_str!("../migrations/0001_wallet.sql"),
        include_str!("../migrations/0002_access.sql"),
        include_str!("../migrations/0003_holder.sql"),
        include_str!("../migrations/0004_vault.sql"),
        include_str!("../migrations/0005_merchant.sql"),
        include_str!("../migrations/0006_control.sql"),
        include_str!("../migrations/0012_card_grades.sql"),
    ];

    #[test]
    fn every_table_that_names_a_person_is_told_or_left_out_for_a_reason() {
        let names_a_person = |line: &str| {
            let column = line.split_whitespace().next().unwrap_or_default();
            ["principal_id", "holder_id", "payer_id", "author_id"].contains(&column)
                || column.ends_with("_by")
        };
        let mut seen = 0;
        for step in STEPS {
            for create in step.split("CREATE TABLE ").skip(1) {
                let (table, rest) = create.split_once(' ').unwrap();
                let body = rest.split("{strict}").next().unwrap();
                if !body.lines().any(names_a_person) {
                    continue;
                }
                seen += 1;
                let known =
                    TOLD.iter().any(|about| about.table == table) || NOT_ABOUT_ANYBODY.contains(&table);
                assert!(known, "{table}");
            }
        }
        assert!(seen >= 13, "{seen}");
    }
}

//! One line of JSON to one batch: strict, and exact in its complaints. Pure: no I/O, never panics on any input.
//!
//! A number is a decimal string or a plain JSON integer; a field left out is zero; an unknown, repeated or malformed
//! one refuses the whole line.

use core::fmt;

use ledger::{
    Account, AccountFilter, AccountFilterFlags, AccountFlags, AccountId, Amount, BATCH_MAX, Code, LedgerId,
    QueryFilter, QueryFilterFlags, Request, Timestamp, Transfer, TransferFlags, TransferId,
};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What one line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batch {
    /// A batch for the engine.
    Request(Request),
    /// Lets simulated time pass.
    AdvanceSeconds(u32),
}

/// Why a line was refused. Nothing of it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchError {
    /// The position of the event in its batch, where the mistake is in an event.
    pub event: Option<usize>,
    /// The name of the field, where the mistake is in a field.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl BatchError {
    fn new(message: impl Into<String>) -> Self {
        Self { event: None, field: None, message: message.into() }
    }

    fn in_event(self, index: usize) -> Self {
        Self { event: Some(index), ..self }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(event) = self.event {
            write!(f, "event {event}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "field {field:?}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl core::error::Error for BatchError {}

/// Reads one line.
///
/// # Errors
/// [`BatchError`] says which event and field are wrong.
pub fn parse(line: &str) -> Result<Batch, BatchError> {
    let object = Object::parse(line)?;
    let [(name, value)] = object.0.as_slice() else {
        return Err(BatchError::new("a line has exactly one batch"));
    };
    let value = Field { name, text: value.get() };
    let request = match name.as_str() {
        "create_accounts" => Request::CreateAccounts(events(value, account)?),
        "create_transfers" => Request::CreateTransfers(events(value, transfer)?),
        "lookup_accounts" => Request::LookupAccounts(ids(value)?.into_iter().map(AccountId).collect()),
        "lookup_transfers" => Request::LookupTransfers(ids(value)?.into_iter().map(TransferId).collect()),
        "get_account_transfers" => Request::GetAccountTransfers(account_filter(&Object::parse(value.text)?)?),
        "get_account_balances" => Request::GetAccountBalances(account_filter(&Object::parse(value.text)?)?),
        "query_accounts" => Request::QueryAccounts(query_filter(&Object::parse(value.text)?)?),
        "query_transfers" => Request::QueryTransfers(query_filter(&Object::parse(value.text)?)?),
        "advance_seconds" => return Ok(Batch::AdvanceSeconds(value.integer()?)),
        _ => return Err(value.wrong("unknown kind of batch")),
    };
    Ok(Batch::Request(request))
}

fn events<T>(
    batch: Field<'_>,
    read: impl Fn(&Object<'_>) -> Result<T, BatchError>,
) -> Result<Vec<T>, BatchError> {
    let items = batch.items()?;
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            Object::parse(item.get()).and_then(|object| read(&object)).map_err(|error| error.in_event(index))
        })
        .collect()
}

fn ids(batch: Field<'_>) -> Result<Vec<u128>, BatchError> {
    let items = batch.items()?;
    items
        .into_iter()
        .enumerate()
        .map(|(index, item)| {
            Field { name: "id", text: item.get() }.integer().map_err(|error| error.in_event(index))
        })
        .collect()
}

fn account(object: &Object<'_>) -> Result<Account, BatchError> {
    let mut account = Account::default();
    for field in object.fields() {
        match field.name {
            "id" => account.id = AccountId(field.integer()?),
            "debits_pending" => account.debits_pending = Amount(field.integer()?),
            "debits_posted" => account.debits_posted = Amount(field.integer()?),
            "credits_pending" => account.credits_pending = Amount(field.integer()?),
            "credits_posted" => account.credits_posted = Amount(field.integer()?),
            "user_data_128" => account.user_data_128 = field.integer()?,
            "user_data_64" => account.user_data_64 = field.integer()?,
            "user_data_32" => account.user_data_32 = field.integer()?,
            "reserved" => account.reserved = field.integer()?,
            "ledger" => account.ledger = LedgerId(field.integer()?),
            "code" => account.code = Code(field.integer()?),
            "flags" => {
                account.flags = AccountFlags(field.flags(|name| AccountFlags::named(name).map(|f| f.0))?)
            }
            "timestamp" => account.timestamp = Timestamp(field.integer()?),
            _ => return Err(field.wrong("unknown field")),
        }
    }
    Ok(account)
}

fn transfer(object: &Object<'_>) -> Result<Transfer, BatchError> {
    let mut transfer = Transfer::default();
    for field in object.fields() {
        match field.name {
            "id" => transfer.id = TransferId(field.integer()?),
            "debit_account_id" => transfer.debit_account_id = AccountId(field.integer()?),
            "credit_account_id" => transfer.credit_account_id = AccountId(field.integer()?),
            "amount" => transfer.amount = Amount(field.integer()?),
            "pending_id" => transfer.pending_id = TransferId(field.integer()?),
            "user_data_128" => transfer.user_data_128 = field.integer()?,
            "user_data_64" => transfer.user_data_64 = field.integer()?,
            "user_data_32" => transfer.user_data_32 = field.integer()?,
            "timeout" => transfer.timeout = field.integer()?,
            "ledger" => transfer.ledger = LedgerId(field.integer()?),
            "code" => transfer.code = Code(field.integer()?),
            "flags" => {
                transfer.flags = TransferFlags(field.flags(|name| TransferFlags::named(name).map(|f| f.0))?);
            }
            "timestamp" => transfer.timestamp = Timestamp(field.integer()?),
            _ => return Err(field.wrong("unknown field")),
        }
    }
    Ok(transfer)
}

fn account_filter(object: &Object<'_>) -> Result<AccountFilter, BatchError> {
    let mut filter = AccountFilter::default();
    for field in object.fields() {
        match field.name {
            "account_id" => filter.account_id = AccountId(field.integer()?),
            "user_data_128" => filter.user_data_128 = field.integer()?,
            "user_data_64" => filter.user_data_64 = field.integer()?,
            "user_data_32" => filter.user_data_32 = field.integer()?,
            "code" => filter.code = Code(field.integer()?),
            "timestamp_min" => filter.timestamp_min = Timestamp(field.integer()?),
            "timestamp_max" => filter.timestamp_max = Timestamp(field.integer()?),
            "limit" => filter.limit = field.integer()?,
            "flags" => {
                let flags = field.flags(|name| AccountFilterFlags::named(name).map(|f| f.0))?;
                filter.flags = AccountFilterFlags(flags);
            }
            _ => return Err(field.wrong("unknown field")),
        }
    }
    Ok(filter)
}

fn query_filter(object: &Object<'_>) -> Result<QueryFilter, BatchError> {
    let mut filter = QueryFilter::default();
    for field in object.fields() {
        match field.name {
            "user_data_128" => filter.user_data_128 = field.integer()?,
            "user_data_64" => filter.user_data_64 = field.integer()?,
            "user_data_32" => filter.user_data_32 = field.integer()?,
            "ledger" => filter.ledger = LedgerId(field.integer()?),
            "code" => filter.code = Code(field.integer()?),
            "timestamp_min" => filter.timestamp_min = Timestamp(field.integer()?),
            "timestamp_max" => filter.timestamp_max = Timestamp(field.integer()?),
            "limit" => filter.limit = field.integer()?,
            "flags" => {
                let flags = field.flags(|name| QueryFilterFlags::named(name).map(|f| f.0))?;
                filter.flags = QueryFilterFlags(flags);
            }
            _ => return Err(field.wrong("unknown field")),
        }
    }
    Ok(filter)
}

/// The fields of a JSON object in order, values still as text. No name occurs twice.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    fn parse(text: &'a str) -> Result<Self, BatchError> {
        let object: Self = serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                return BatchError::new("expected a JSON object");
            }
            BatchError::new(format!("not valid JSON: {error}"))
        })?;
        for (index, (name, _)) in object.0.iter().enumerate() {
            // Objects have a dozen fields, and any longer one is refused below anyway.
            if object.0[..index].iter().take(32).any(|(earlier, _)| earlier == name) {
                return Err(Field { name, text: "" }.wrong("the field occurs twice"));
            }
        }
        Ok(object)
    }

    fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.0.iter().map(|(name, value)| Field { name, text: value.get() })
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(16);
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A field of an object: its name, and its value as JSON text.
#[derive(Clone, Copy)]
struct Field<'a> {
    name: &'a str,
    text: &'a str,
}

/// An unsigned integer of the model.
trait Word: TryFrom<u128> {
    const BITS: u32;
}

macro_rules! words {
    ($($word:ty),*) => {
        $(impl Word for $word {
            const BITS: u32 = <$word>::BITS;
        })*
    };
}
words!(u16, u32, u64, u128);

impl<'a> Field<'a> {
    fn wrong(self, message: impl Into<String>) -> BatchError {
        BatchError { event: None, field: Some(self.name.to_owned()), message: message.into() }
    }

    /// The elements of an array that may be a batch.
    fn items(self) -> Result<Vec<&'a RawValue>, BatchError> {
        let items: Vec<&RawValue> =
            serde_json::from_str(self.text).map_err(|_| self.wrong("expected an array"))?;
        if items.len() > BATCH_MAX {
            return Err(self.wrong(format!("{} events, and a batch has at most {BATCH_MAX}", items.len())));
        }
        Ok(items)
    }

    fn integer<T: Word>(self) -> Result<T, BatchError> {
        let digits = self.digits()?;
        let out_of_range = || self.wrong(format!("{digits} does not fit in {} bits", T::BITS));
        let value: u128 = digits.parse().map_err(|_| out_of_range())?;
        T::try_from(value).map_err(|_| out_of_range())
    }

    /// The digits of a non-negative integer, written as a string or as a number.
    fn digits(self) -> Result<&'a str, BatchError> {
        let quoted = self.text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let written = quoted.unwrap_or(self.text);
        let numeric = quoted.is_some() || written.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if !numeric {
            return Err(self.wrong(format!("expected a number, not {}", kind_of(self.text))));
        }
        if written.starts_with('-') {
            return Err(self.wrong("must not be negative"));
        }
        if !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit()) {
            if written.len() > 1 && written.starts_with('0') {
                return Err(self.wrong("must not have leading zeros"));
            }
            return Ok(written);
        }
        if quoted.is_none() && written.contains(['e', 'E']) {
            return Err(self.wrong("must be a whole number without exponent"));
        }
        if quoted.is_none() {
            return Err(self.wrong("must be a whole number without fraction"));
        }
        Err(self.wrong("must be a whole number in decimal digits"))
    }

    /// Flags as an array of names or as an integer bit set.
    fn flags<
        T: Word + core::ops::BitOr<Output = T> + core::ops::BitAnd<Output = T> + PartialEq + Copy + Default,
    >(
        self,
        named: impl Fn(&str) -> Option<T>,
    ) -> Result<T, BatchError> {
        if !self.text.starts_with('[') {
            return self.integer();
        }
        let names: Vec<String> =
            serde_json::from_str(self.text).map_err(|_| self.wrong("expected an array of names of flags"))?;
        let mut flags = T::default();
        for name in &names {
            let flag = named(name).ok_or_else(|| self.wrong(format!("unknown flag {name:?}")))?;
            if flags & flag == flag {
                return Err(self.wrong(format!("the flag {name:?} occurs twice")));
            }
            flags = flags | flag;
        }
        Ok(flags)
    }
}

/// What a JSON text is, for a complaint.
fn kind_of(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(b'"') => "a string",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> String {
        parse(line).expect_err("the line must be refused").to_string()
    }

    fn refused_amount(amount: &str) -> String {
        refusal(&format!(r#"{{"create_transfers":[{{"id":"1"}},{{"id":"2","amount":{amount}}}]}}"#))
    }

    #[test]
    fn numbers_are_strings_or_plain_integers_up_to_128_bits() {
        let line =
            r#"{"lookup_accounts":["1",2,"340282366920938463463374607431768211455",18446744073709551616]}"#;
        let expected = vec![AccountId(1), AccountId(2), AccountId::MAX, AccountId(1 << 64)];
        assert_eq!(parse(line), Ok(Batch::Request(Request::LookupAccounts(expected))));
    }

    #[test]
    fn flags_are_names_or_a_bit_set() {
        let by_name = parse(r#"{"create_transfers":[{"flags":["linked","pending"]}]}"#);
        let by_bits = parse(r#"{"create_transfers":[{"flags":3}]}"#);
        assert_eq!(by_name, by_bits);
        let expected =
            Transfer { flags: TransferFlags::LINKED | TransferFlags::PENDING, ..Transfer::default() };
        assert_eq!(by_name, Ok(Batch::Request(Request::CreateTransfers(vec![expected]))));
    }

    #[test]
    fn a_bad_number_names_its_event_and_field() {
        for (amount, reason) in [
            ("-1", "must not be negative"),
            ("-0", "must not be negative"),
            ("1.5", "must be a whole number without fraction"),
            ("1.0", "must be a whole number without fraction"),
            ("1e3", "must be a whole number without exponent"),
            (r#""1e3""#, "must be a whole number in decimal digits"),
            (r#""-1""#, "must not be negative"),
            (r#""+1""#, "must be a whole number in decimal digits"),
            (r#""""#, "must be a whole number in decimal digits"),
            (r#"" 1""#, "must be a whole number in decimal digits"),
            (r#""01""#, "must not have leading zeros"),
            (r#""0x10""#, "must be a whole number in decimal digits"),
            ("null", "expected a number, not null"),
            ("true", "expected a number, not a boolean"),
            ("[]", "expected a number, not an array"),
            ("{}", "expected a number, not an object"),
            (
                "340282366920938463463374607431768211456",
                "340282366920938463463374607431768211456 does not fit in 128 bits",
            ),
        ] {
            assert_eq!(refused_amount(amount), format!(r#"event 1: field "amount": {reason}"#), "{amount}");
        }
    }

    #[test]
    fn each_width_has_its_own_range() {
        for (field, too_much, bits) in [
            ("code", "65536", 16),
            ("timeout", "4294967296", 32),
            ("user_data_64", "18446744073709551616", 64),
        ] {
            let line = format!(r#"{{"create_transfers":[{{"{field}":"{too_much}"}}]}}"#);
            let expected = format!(r#"event 0: field "{field}": {too_much} does not fit in {bits} bits"#);
            assert_eq!(refusal(&line), expected);
        }
    }

    #[test]
    fn unknown_and_repeated_names_are_refused() {
        assert_eq!(
            refusal(r#"{"create_accounts":[{"id":1,"colour":2}]}"#),
            r#"event 0: field "colour": unknown field"#
        );
        assert_eq!(
            refusal(r#"{"create_accounts":[{"id":1,"id":2}]}"#),
            r#"event 0: field "id": the field occurs twice"#
        );
        assert_eq!(refusal(r#"{"destroy":[]}"#), r#"field "destroy": unknown kind of batch"#);
        assert_eq!(
            refusal(r#"{"create_accounts":[{"flags":["shiny"]}]}"#),
            r#"event 0: field "flags": unknown flag "shiny""#
        );
        assert_eq!(
            refusal(r#"{"query_accounts":{"flags":["reversed","reversed"]}}"#),
            r#"field "flags": the flag "reversed" occurs twice"#
        );
    }

    #[test]
    fn a_line_is_exactly_one_batch() {
        assert_eq!(refusal("{}"), "a line has exactly one batch");
        assert_eq!(
            refusal(r#"{"lookup_accounts":[],"lookup_transfers":[]}"#),
            "a line has exactly one batch"
        );
        assert_eq!(refusal("[]"), "expected a JSON object");
        assert!(refusal("{").starts_with("not valid JSON"));
        assert!(refusal(r#"{"lookup_accounts":[]} x"#).starts_with("not valid JSON"));
        assert_eq!(refusal(r#"{"create_accounts":{}}"#), r#"field "create_accounts": expected an array"#);
        assert_eq!(refusal(r#"{"create_accounts":[7]}"#), "event 0: expected a JSON object");
    }

    #[test]
    fn a_batch_has_at_most_8190_events() {
        let full = format!(r#"{{"lookup_accounts":[{}]}}"#, vec!["1"; BATCH_MAX].join(","));
        assert!(parse(&full).is_ok());
        let over = format!(r#"{{"lookup_accounts":[{}]}}"#, vec!["1"; BATCH_MAX + 1].join(","));
        assert_eq!(refusal(&over), r#"field "lookup_accounts": 8191 events, and a batch has at most 8190"#);
    }
}

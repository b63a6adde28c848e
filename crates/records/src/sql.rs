//! What a job sees of the database: statements with `$1` placeholders, values and rows.

use std::borrow::Cow;

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::{Asn, IssuerId, Seconds, Sequence, TerminalId};
use money::{Amount, Currency};
use wallet::ids::{
    ApiKeyId, ApprovalId, BankId, BillId, CardDueId, CardId, ChallengeId, EndpointId, HolderId, IssueBatchId,
    ItemId, LoadOrderId, MasterKeyId, MerchantId, MessageId, OperationId, OrderId, PasskeyId, PostId,
    PostingsId, PrincipalId, RequestId, SessionId, SplitId, VaultItemId, VoucherId,
};

use crate::RecordsError;

/// An open transaction. One text serves SQLite and PostgreSQL; placeholders are `$1`, `$2` and so on, each used.
///
/// A statement that fails fails its whole job, even where the job goes on: look first, or say `ON CONFLICT`.
pub trait Sql {
    /// Runs a statement and says how many rows it changed.
    ///
    /// # Errors
    /// See [`RecordsError`].
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, RecordsError>;

    /// Runs a query, or a statement with `RETURNING`.
    ///
    /// # Errors
    /// See [`RecordsError`].
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, RecordsError>;
}

/// One value of a column or parameter.
#[derive(Clone, Debug)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(Cow<'static, str>),
    /// BYTEA or BLOB.
    Bytes(Vec<u8>),
    /// Also BYTEA or BLOB, of exactly 16 bytes: kept inline because most columns are ids.
    Id([u8; 16]),
}

impl Value {
    /// The value that stands for these bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Self {
        <[u8; 16]>::try_from(bytes).map_or_else(|_| Self::Bytes(bytes.to_vec()), Self::Id)
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Text(_) => "text",
            Self::Bytes(_) | Self::Id(_) => "bytes",
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Cow::Owned(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::from_slice(bytes)
    }
}

impl From<[u8; 32]> for Value {
    fn from(bytes: [u8; 32]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<u128> for Value {
    fn from(bits: u128) -> Self {
        Self::Id(bits.to_be_bytes())
    }
}

impl From<Timestamp> for Value {
    /// Nanoseconds; the ledger's timestamps never have the top bit set.
    fn from(moment: Timestamp) -> Self {
        Self::Int(i64::try_from(moment.0).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl From<Asn> for Value {
    fn from(asn: Asn) -> Self {
        Self::Bytes(asn.0.to_vec())
    }
}

impl From<IssuerId> for Value {
    fn from(issuer: IssuerId) -> Self {
        Self::Bytes(issuer.0.to_vec())
    }
}

impl From<TerminalId> for Value {
    fn from(terminal: TerminalId) -> Self {
        Self::Bytes(terminal.0.to_vec())
    }
}

impl From<Sequence> for Value {
    fn from(sequence: Sequence) -> Self {
        Self::Int(i64::from(sequence.0))
    }
}

impl From<Seconds> for Value {
    fn from(seconds: Seconds) -> Self {
        unsigned(seconds.0)
    }
}

impl From<Currency> for Value {
    fn from(currency: Currency) -> Self {
        Self::Text(Cow::Borrowed(currency.code()))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A 128-bit id that is stored as its 16 bytes, big-endian.
pub trait Id: Copy {
    /// The id with these bytes.
    fn from_stored(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Self::Id(id.to_bytes())
            }
        }

        impl Id for $name {
            fn from_stored(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }
        }
    )*};
}

ids! {
    ApiKeyId ApprovalId BankId BillId CardDueId CardId ChallengeId EndpointId HolderId ItemId MerchantId MessageId OperationId
    IssueBatchId LoadOrderId MasterKeyId OrderId PasskeyId PostId PostingsId PrincipalId RequestId SessionId SplitId
    VaultItemId VoucherId
}

/// An enum that is stored as a text code.
pub trait Code: Copy + Sized + 'static {
    /// Every variant.
    const ALL: &'static [Self];

    /// The stored code.
    fn code(self) -> &'static str;

    /// The variant with that code.
    #[must_use]
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|variant| variant.code() == code)
    }
}

/// Declares an enum with the text code of each variant.
macro_rules! codes {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// The stored code, which is also the word of the API.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }

        impl crate::Code for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            fn code(self) -> &'static str {
                Self::code(self)
            }
        }

        impl From<$name> for crate::Value {
            fn from(variant: $name) -> Self {
                Self::Text(std::borrow::Cow::Borrowed(variant.code()))
            }
        }
    };
}
pub(crate) use codes;

/// One row of an answer. Columns count from 0.
#[derive(Clone, Debug)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    /// A row with these columns.
    #[must_use]
    pub const fn new(values: Vec<Value>) -> Self {
        Self { values }
    }

    pub(crate) fn value(&self, column: usize) -> Result<&Value, RecordsError> {
        self.values
            .get(column)
            .ok_or_else(|| RecordsError::Unreadable(format!("there is no column {column}")))
    }

    fn expected(&self, column: usize, what: &str) -> RecordsError {
        let found = self.values.get(column).map_or("nothing", Value::kind);
        RecordsError::Unreadable(format!("column {column} holds {found}, not {what}"))
    }

    /// The integer in this column.
    ///
    /// # Errors
    /// [`RecordsError::Unreadable`], as for all these functions, where the column holds anything else.
    pub fn int(&self, column: usize) -> Result<i64, RecordsError> {
        match self.value(column)? {
            Value::Int(number) => Ok(*number),
            _ => Err(self.expected(column, "an integer")),
        }
    }

    /// The count in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn count(&self, column: usize) -> Result<u64, RecordsError> {
        u64::try_from(self.int(column)?).map_err(|_| self.expected(column, "a count"))
    }

    /// The small number in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn number<T: TryFrom<i64>>(&self, column: usize) -> Result<T, RecordsError> {
        T::try_from(self.int(column)?).map_err(|_| self.expected(column, "a number in range"))
    }

    /// The text in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn text(&self, column: usize) -> Result<&str, RecordsError> {
        match self.value(column)? {
            Value::Text(text) => Ok(text),
            _ => Err(self.expected(column, "text")),
        }
    }

    /// The text in this column, as the caller's own.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn string(&self, column: usize) -> Result<String, RecordsError> {
        self.text(column).map(str::to_owned)
    }

    /// The bytes in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn bytes(&self, column: usize) -> Result<&[u8], RecordsError> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Id(bytes) => Ok(bytes),
            _ => Err(self.expected(column, "bytes")),
        }
    }

    /// The 32-byte hash in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn hash(&self, column: usize) -> Result<[u8; 32], RecordsError> {
        self.bytes(column)?.try_into().map_err(|_| self.expected(column, "32 bytes"))
    }

    /// The bytes in this column, which are so many.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], RecordsError> {
        self.bytes(column)?.try_into().map_err(|_| self.expected(column, "bytes of that number"))
    }

    /// Whether this column says yes.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn flag(&self, column: usize) -> Result<bool, RecordsError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.expected(column, "0 or 1")),
        }
    }

    /// The 128 bits in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn bits(&self, column: usize) -> Result<u128, RecordsError> {
        match self.value(column)? {
            Value::Id(bytes) => Ok(u128::from_be_bytes(*bytes)),
            _ => Err(self.expected(column, "16 bytes")),
        }
    }

    /// The id in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn id<T: Id>(&self, column: usize) -> Result<T, RecordsError> {
        self.bits(column).map(|bits| T::from_stored(bits.to_be_bytes()))
    }

    /// The moment in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn timestamp(&self, column: usize) -> Result<Timestamp, RecordsError> {
        self.count(column).map(Timestamp)
    }

    /// The currency in this column.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn currency(&self, column: usize) -> Result<Currency, RecordsError> {
        Currency::from_code(self.text(column)?).map_err(|_| self.expected(column, "a currency"))
    }

    /// The variant whose code is in this column.
    ///
    /// # Errors
    /// As for [`Row::int`]; also where the code is unknown.
    pub fn code<T: Code>(&self, column: usize) -> Result<T, RecordsError> {
        let code = self.text(column)?;
        T::from_code(code).ok_or_else(|| {
            RecordsError::Unreadable(format!("column {column} holds the unknown code {code:?}"))
        })
    }

    /// The amount whose minor units are in this column and whose currency is `currency`.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn amount(&self, column: usize, currency: Currency) -> Result<Amount, RecordsError> {
        Amount::from_minor(self.count(column)?, currency).map_err(|_| self.expected(column, "an amount"))
    }

    /// What `read` finds in this column, or `None` for NULL: `row.optional(3, Row::id)`.
    ///
    /// # Errors
    /// As for `read`.
    pub fn optional<'a, T>(
        &'a self,
        column: usize,
        read: impl FnOnce(&'a Self, usize) -> Result<T, RecordsError>,
    ) -> Result<Option<T>, RecordsError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => read(self, column).map(Some),
        }
    }

    /// The id in this column, or `None` for NULL.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn optional_id<T: Id>(&self, column: usize) -> Result<Option<T>, RecordsError> {
        self.optional(column, Self::id)
    }

    /// The text in this column, or `None` for NULL.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, RecordsError> {
        self.optional(column, Self::text)
    }

    /// The integer in this column, or `None` for NULL.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn optional_int(&self, column: usize) -> Result<Option<i64>, RecordsError> {
        self.optional(column, Self::int)
    }

    /// The moment in this column, or `None` for NULL.
    ///
    /// # Errors
    /// As for [`Row::int`].
    pub fn optional_timestamp(&self, column: usize) -> Result<Option<Timestamp>, RecordsError> {
        self.optional(column, Self::timestamp)
    }
}

/// The minor units of an amount as they are stored: amounts are bounded far below 2^63.
pub(crate) fn minor(amount: Amount) -> Value {
    Value::Int(i64::try_from(amount.minor()).unwrap_or(i64::MAX))
}

/// A number as it is stored: those of the product are far below 2^63.
pub(crate) fn unsigned(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// How many values one statement asks for. Groups of one length have one text, which is prepared once.
const GROUP: usize = 256;

/// Values of one `IN`; the last is repeated to fill it.
pub(crate) struct Group<'a, T>(&'a [T]);

impl<T: Copy + Into<Value>> Group<'_, T> {
    /// `$n, $n+1, …`
    pub(crate) fn placeholders(&self, from: usize) -> String {
        let places: Vec<String> =
            (from..from.saturating_add(GROUP)).map(|place| format!("${place}")).collect();
        places.join(", ")
    }

    pub(crate) fn values(&self) -> Vec<Value> {
        let last = self.0.last().copied();
        let filled = self.0.iter().copied().chain(std::iter::repeat_with(|| last).flatten());
        filled.take(GROUP).map(Into::into).collect()
    }
}

/// Any number of values, for one `IN` after the other.
pub(crate) fn groups<T: Copy + Into<Value>>(values: &[T]) -> impl Iterator<Item = Group<'_, T>> {
    values.chunks(GROUP).map(Group)
}

/// The nanoseconds in a number of seconds, as a parameter.
pub(crate) fn nanoseconds(seconds: u32) -> Value {
    Value::Int(i64::from(seconds).saturating_mul(i64::try_from(NANOSECONDS_PER_SECOND).unwrap_or(i64::MAX)))
}

/// The only row of an answer, read by `read`; `None` where there is none.
pub(crate) fn first<T>(
    rows: &[Row],
    read: impl FnOnce(&Row) -> Result<T, RecordsError>,
) -> Result<Option<T>, RecordsError> {
    rows.first().map(read).transpose()
}

/// Each row of an answer, read by `read`.
pub(crate) fn each<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, RecordsError>,
) -> Result<Vec<T>, RecordsError> {
    rows.iter().map(read).collect()
}

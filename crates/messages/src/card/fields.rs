//! The fields of these messages, each a type of its own, in the sizes of PBOC. All numbers are big-endian.

macro_rules! byte_fields {
    ($($(#[$doc:meta])* $name:ident: $bytes:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);
    )*};
}

macro_rules! number_fields {
    ($($(#[$doc:meta])* $name:ident: $number:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $number);

        impl $name {
            /// Big-endian.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; size_of::<$number>()] {
                self.0.to_be_bytes()
            }

            /// From big-endian.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; size_of::<$number>()]) -> Self {
                Self(<$number>::from_be_bytes(bytes))
            }
        }
    )*};
}

byte_fields! {
    /// Application serial number: which card.
    Asn: 10;
    /// Who issued the card, as its public information says.
    IssuerId: 8;
    /// Number of a terminal, which is that of its security module.
    TerminalId: 6;
    /// Transaction authentication code: what the issuer pays for.
    Tac: 4;
    /// Names an order of integrated payment.
    OrderId: 16;
    /// Date YYYYMMDD and time HHMMSS in BCD, in the terminal's local time.
    DateTime: 7;
}

number_fields! {
    /// How much, in the unit of the card's profile: hundredths of its currency.
    Units: u32;
    /// Counter of a card's debits, as it is before the debit that bears it.
    Sequence: u16;
    /// Counter of a security module's transactions.
    TerminalTransaction: u32;
    /// Version of a card's key.
    KeyVersion: u8;
    /// What a card calls its algorithm; the issuer's profile says what it means.
    AlgorithmId: u8;
    /// Number of a terminal's batch: 1, 2, 3 …
    BatchNumber: u32;
    /// Version of a list; it only grows. Zero where there is no list.
    ListVersion: u32;
    /// Seconds since 1970-01-01 00:00:00 UTC.
    Seconds: u64;
}

impl DateTime {
    /// Whether every digit is one and the date and time can be: month 1 to 12, day 1 to 31, hour, minute, second in range.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let [century, year, month, day, hour, minute, second] = self.0.map(from_bcd);
        let is_in = |part: Option<u8>, from, to| part.is_some_and(|part| from <= part && part <= to);
        century.is_some()
            && year.is_some()
            && is_in(month, 1, 12)
            && is_in(day, 1, 31)
            && is_in(hour, 0, 23)
            && is_in(minute, 0, 59)
            && is_in(second, 0, 59)
    }
}

/// The number of two decimal digits.
fn from_bcd(byte: u8) -> Option<u8> {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    (tens <= 9 && ones <= 9).then_some(tens * 10 + ones)
}

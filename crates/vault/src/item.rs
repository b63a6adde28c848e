//! What can be kept in a vault.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The most characters of an item's name.
pub const NAME_CHARACTERS_MAX: usize = 80;
/// The most characters of a field.
pub const FIELD_CHARACTERS_MAX: usize = 200;
/// The most characters of a note.
pub const WORDS_CHARACTERS_MAX: usize = 10_000;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A bank card.
    Payment,
    /// A card of a shop that rewards loyalty.
    Loyalty,
    /// What opens a door or an account.
    Access,
    /// Who the holder is.
    UserInfo,
    /// Where something is sent to.
    Address,
    /// A ticket.
    Ticket,
    /// A receipt.
    Receipt,
    /// A note.
    Note,
}

impl Kind {
    /// Every kind, in the order of menus.
    pub const ALL: [Self; 8] = [
        Self::Payment,
        Self::Loyalty,
        Self::Access,
        Self::UserInfo,
        Self::Address,
        Self::Ticket,
        Self::Receipt,
        Self::Note,
    ];

    /// The word of forms and of the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Loyalty => "loyalty",
            Self::Access => "access",
            Self::UserInfo => "user_info",
            Self::Address => "address",
            Self::Ticket => "ticket",
            Self::Receipt => "receipt",
            Self::Note => "note",
        }
    }

    /// The kind with this [`Kind::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The fields that an item of this kind has besides its name and words, in the order of its form.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        use Field as F;
        match self {
            Self::Payment => {
                &[F::CardName, F::CardNumber, F::CardType, F::CardExpiryMonth, F::CardExpiryYear]
            }
            Self::Loyalty => &[F::Organization, F::Number, F::Date],
            Self::Access => &[F::Organization, F::Login, F::Secret, F::Url],
            Self::UserInfo => &[
                F::Prefix,
                F::FirstName,
                F::MiddleName,
                F::LastName,
                F::Suffix,
                F::Organization,
                F::Phone,
                F::Email,
            ],
            Self::Address => {
                &[F::Street1, F::Street2, F::Street3, F::City, F::Region, F::PostalCode, F::Country]
            }
            Self::Ticket => &[F::Organization, F::Number, F::Date, F::Place],
            Self::Receipt => &[F::Organization, F::Number, F::Date, F::Amount],
            Self::Note => &[],
        }
    }

    /// Whether a profile set may hold items of this kind: they say something that order forms ask.
    #[must_use]
    pub const fn is_card_of_profile(self) -> bool {
        matches!(self, Self::Payment | Self::UserInfo | Self::Address)
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// One field of an item. The security code of a bank card is not among them: nobody may keep it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field { $($(#[$doc])* #[serde(rename = $code)] $name,)* }

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name of forms and of the API.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

fields! {
    /// The name on a bank card.
    CardName = "card_name",
    /// The number of a bank card.
    CardNumber = "card_number",
    /// The brand of a bank card.
    CardType = "card_type",
    /// The month in which a bank card expires, 01 to 12.
    CardExpiryMonth = "card_expiry_month",
    /// The year in which a bank card expires, four digits.
    CardExpiryYear = "card_expiry_year",
    /// A company, shop or institution.
    Organization = "organization",
    /// A number of a member, ticket or receipt.
    Number = "number",
    /// A date, as the holder writes it.
    Date = "date",
    /// A place, such as a seat.
    Place = "place",
    /// An amount, as the holder writes it.
    Amount = "amount",
    /// A user name.
    Login = "login",
    /// A password or door code.
    Secret = "secret",
    /// A web address.
    Url = "url",
    /// Mr, Dr.
    Prefix = "prefix",
    /// The given name.
    FirstName = "first_name",
    /// A name between given name and family name.
    MiddleName = "middle_name",
    /// The family name.
    LastName = "last_name",
    /// Jr., PhD.
    Suffix = "suffix",
    /// A telephone number.
    Phone = "phone",
    /// An e-mail address.
    Email = "email",
    /// The first line of a street address.
    Street1 = "street_1",
    /// The second line of a street address.
    Street2 = "street_2",
    /// The third line of a street address.
    Street3 = "street_3",
    /// The city.
    City = "city",
    /// The province or state.
    Region = "region",
    /// The postal code.
    PostalCode = "postal_code",
    /// The country: two letters of ISO 3166-1.
    Country = "country",
}

impl Field {
    /// The field with this [`Field::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.code() == code)
    }
}

/// One thing in a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// What the holder calls it.
    pub name: String,
    /// What its fields say; empty fields are left out.
    pub fields: Vec<(Field, String)>,
    /// Free words.
    pub words: String,
}

/// Which part of an item breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemError {
    /// The name is empty or too long.
    Name,
    /// The field is not one of the kind's, stands twice, or is too long.
    Field(Field),
    /// The words are too long.
    Words,
}

impl Item {
    /// An item whose texts are trimmed and within their limits.
    ///
    /// # Errors
    /// Which part breaks a rule.
    pub fn new(kind: Kind, name: &str, fields: &[(Field, String)], words: &str) -> Result<Self, ItemError> {
        let name = name.trim();
        if name.is_empty() || !is_line(name, NAME_CHARACTERS_MAX) {
            return Err(ItemError::Name);
        }
        let mut kept: Vec<(Field, String)> = Vec::new();
        for (field, value) in fields {
            let value = value.trim();
            let belongs = kind.fields().contains(field) && kept.iter().all(|(other, _)| other != field);
            if !belongs || !is_line(value, FIELD_CHARACTERS_MAX) {
                return Err(ItemError::Field(*field));
            }
            if !value.is_empty() {
                kept.push((*field, value.to_owned()));
            }
        }
        let words = words.replace("\r\n", "\n");
        let plain =
            words.chars().all(|character| !character.is_control() || matches!(character, '\n' | '\t'));
        if !plain || words.chars().count() > WORDS_CHARACTERS_MAX {
            return Err(ItemError::Words);
        }
        Ok(Self { kind, name: name.to_owned(), fields: kept, words })
    }

    /// What the field says; nothing where it is empty.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields.iter().find(|(other, _)| *other == field).map(|(_, value)| value.as_str())
    }

    /// The order of a list by name: without regard to upper and lower case.
    #[must_use]
    pub fn by_name(&self, other: &Self) -> Ordering {
        self.name.to_lowercase().cmp(&other.name.to_lowercase()).then_with(|| self.name.cmp(&other.name))
    }
}

fn is_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_the_fields_of_its_kind_only() {
        let city = [(Field::City, " 青柳镇 ".to_owned()), (Field::Street2, "  ".to_owned())];
        let item = Item::new(Kind::Address, " home ", &city, "a\r\nb").unwrap();
        assert_eq!((item.name.as_str(), item.words.as_str()), ("home", "a\nb"));
        assert_eq!(item.fields, [(Field::City, "青柳镇".to_owned())]);
        assert_eq!(Item::new(Kind::Note, "x", &city, ""), Err(ItemError::Field(Field::City)));
        assert_eq!(Item::new(Kind::Note, " ", &[], ""), Err(ItemError::Name));
        assert_eq!(Item::new(Kind::Note, "x", &[], "a\u{0}"), Err(ItemError::Words));
        assert_eq!(Item::new(Kind::Note, "x", &[], &"字".repeat(10_001)), Err(ItemError::Words));
    }

    #[test]
    fn every_kind_and_field_is_found_by_its_code() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
        }
        for field in Field::ALL {
            assert_eq!(Field::from_code(field.code()), Some(*field));
        }
    }
}

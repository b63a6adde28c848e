//! A merchant's code: what its data objects mean.

use core::fmt;

use money::{Amount, Currency, MoneyError};

use super::checksum::crc_16_ccitt_false;
use super::data_object::{DataObject, NotDataObjects, ObjectId, Template, VALUE_CHARACTERS_MAX};

const FORMAT: ObjectId = ObjectId::named(0);
const INITIATION: ObjectId = ObjectId::named(1);
const ACCOUNT_FIRST: u8 = 2;
const ACCOUNT_LAST: u8 = 51;
const CATEGORY: ObjectId = ObjectId::named(52);
const CURRENCY: ObjectId = ObjectId::named(53);
const AMOUNT: ObjectId = ObjectId::named(54);
const TIP: ObjectId = ObjectId::named(55);
const TIP_FIXED: ObjectId = ObjectId::named(56);
const TIP_PERCENT: ObjectId = ObjectId::named(57);
const COUNTRY: ObjectId = ObjectId::named(58);
const NAME: ObjectId = ObjectId::named(59);
const CITY: ObjectId = ObjectId::named(60);
const POSTAL_CODE: ObjectId = ObjectId::named(61);
const ADDITIONAL: ObjectId = ObjectId::named(62);
const CHECKSUM: ObjectId = ObjectId::named(63);
const LOCAL: ObjectId = ObjectId::named(64);

const REFERENCE_LABEL: ObjectId = ObjectId::named(5);
const BILL_NUMBER: ObjectId = ObjectId::named(1);
const STORE_LABEL: ObjectId = ObjectId::named(3);
const TERMINAL_LABEL: ObjectId = ObjectId::named(7);
const PURPOSE: ObjectId = ObjectId::named(8);

const LOCAL_LANGUAGE: ObjectId = ObjectId::named(0);
const LOCAL_NAME: ObjectId = ObjectId::named(1);
const LOCAL_CITY: ObjectId = ObjectId::named(2);

/// The version of the format, object `00`.
const FORMAT_VERSION: &str = "01";
/// Id and length of the checksum, over which the checksum runs too.
const CHECKSUM_HEAD: &str = "6304";
/// The most characters of a merchant's name that is written.
pub const NAME_CHARACTERS_MAX: usize = 25;
/// The most characters of a city that is written.
pub const CITY_CHARACTERS_MAX: usize = 15;
/// The most bytes of a code: QR codes of this size are still read by phones.
const CODE_BYTES_MAX: usize = 2_048;

/// Whether a code may be paid again (object `01`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiation {
    /// `11`: the same code for every payment, as on a printed poster.
    Static,
    /// `12`: a new code for each payment.
    Dynamic,
}

/// What the payer adds of their own (objects `55` to `57`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tip {
    /// The payer is asked.
    Asked,
    /// A fixed amount, as the code writes it.
    Fixed(String),
    /// A percentage, as the code writes it.
    Percent(String),
}

/// The template `62`. Each text has 1 to 25 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdditionalData {
    /// `01`: the number of the bill.
    pub bill_number: Option<String>,
    /// `03`: the shop.
    pub store_label: Option<String>,
    /// `05`: what the merchant finds the order by.
    pub reference_label: Option<String>,
    /// `07`: the till.
    pub terminal_label: Option<String>,
    /// `08`: what for.
    pub purpose: Option<String>,
    /// The other objects, in order.
    pub others: Vec<DataObject>,
}

/// The template `64`: the merchant's name in the language of the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalLanguage {
    /// `00`: ISO 639 code of the language, such as `zh`.
    pub language: String,
    /// `01`: the name.
    pub name: String,
    /// `02`: the city.
    pub city: Option<String>,
}

/// What a merchant's code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantCode {
    /// Whether it may be paid again; `None` where the code does not say.
    pub initiation: Option<Initiation>,
    /// `02` to `51`: where the merchant can be paid, at least one. Ids from 26 on are templates, whose object `00` names
    /// the payment system.
    pub accounts: Vec<DataObject>,
    /// `52`: ISO 18245 merchant category, four digits.
    pub category: String,
    /// `53`: the currency.
    pub currency: Currency,
    /// `54`: how much; `None` where the payer says.
    pub amount: Option<Amount>,
    /// `55` to `57`.
    pub tip: Option<Tip>,
    /// `58`: ISO 3166-1 country, two letters.
    pub country: String,
    /// `59`: the merchant's name, up to 25 characters.
    pub name: String,
    /// `60`: the city, up to 15 characters.
    pub city: String,
    /// `61`: the postal code, up to 10 characters.
    pub postal_code: Option<String>,
    /// `62`.
    pub additional: AdditionalData,
    /// `64`.
    pub local: Option<LocalLanguage>,
    /// `65` to `99`, in order.
    pub others: Vec<DataObject>,
}

/// Why a text is no merchant's code, or a code cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// It is not a list of data objects.
    Form(NotDataObjects),
    /// It is longer than any code.
    TooLong,
    /// It does not begin with object `00` of value `01`: something else than a merchant's code.
    NotAMerchantCode,
    /// The checksum is missing, or not the last object.
    ChecksumMissing,
    /// The checksum is another one: the text was damaged or changed.
    ChecksumWrong,
    /// An object that every code has is missing.
    Missing(ObjectId),
    /// An object has a value that it may not have.
    Value(ObjectId),
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::TooLong => f.write_str("code is too long"),
            Self::NotAMerchantCode => f.write_str("text is not a merchant's code"),
            Self::ChecksumMissing => f.write_str("checksum is missing"),
            Self::ChecksumWrong => f.write_str("checksum is wrong"),
            Self::Missing(id) => write!(f, "object {id} is missing"),
            Self::Value(id) => write!(f, "object {id} has a value that it may not have"),
        }
    }
}

impl core::error::Error for CodeError {}

impl From<NotDataObjects> for CodeError {
    fn from(error: NotDataObjects) -> Self {
        Self::Form(error)
    }
}

impl MerchantCode {
    /// Reads a code.
    ///
    /// # Errors
    /// Which rule it breaks; the checksum is looked at before anything that it guards.
    pub fn decode(text: &str) -> Result<Self, CodeError> {
        if text.len() > CODE_BYTES_MAX {
            return Err(CodeError::TooLong);
        }
        if !text.starts_with("000201") {
            return Err(CodeError::NotAMerchantCode);
        }
        check_checksum(text)?;
        let objects = Template::parse(text)?;
        if objects.objects().last().map(DataObject::id) != Some(CHECKSUM) {
            return Err(CodeError::ChecksumMissing);
        }
        read(&objects)
    }

    /// Writes the code, with its checksum.
    ///
    /// # Errors
    /// [`CodeError::Value`] or [`CodeError::Missing`] where a field breaks the format's rules, or
    /// [`CodeError::TooLong`].
    pub fn encode(&self) -> Result<String, CodeError> {
        checked(NAME, &self.name, 1, NAME_CHARACTERS_MAX, is_printable)?;
        checked(CITY, &self.city, 1, CITY_CHARACTERS_MAX, is_printable)?;
        let body = Template::new(self.objects()?)?;
        // What is read must mean the same: the rules are written down once, in `read`.
        if read(&body)? != *self {
            return Err(CodeError::Value(FORMAT));
        }
        let mut text = format!("{body}{CHECKSUM_HEAD}");
        text = format!("{text}{:04X}", crc_16_ccitt_false(text.as_bytes()));
        if text.len() > CODE_BYTES_MAX { Err(CodeError::TooLong) } else { Ok(text) }
    }

    /// The data objects of the code in order, without the checksum.
    ///
    /// # Errors
    /// [`CodeError::Value`] where a value is empty or too long.
    pub fn objects(&self) -> Result<Vec<DataObject>, CodeError> {
        let mut list = vec![object(FORMAT, FORMAT_VERSION)?];
        if let Some(initiation) = self.initiation {
            list.push(object(INITIATION, initiation.digits())?);
        }
        list.extend(self.accounts.iter().cloned());
        list.push(object(CATEGORY, &self.category)?);
        list.push(object(CURRENCY, &format!("{:03}", self.currency.numeric()))?);
        if let Some(amount) = self.amount {
            list.push(object(AMOUNT, &amount.decimal().to_string())?);
        }
        match &self.tip {
            None => {}
            Some(Tip::Asked) => list.push(object(TIP, "01")?),
            Some(Tip::Fixed(amount)) => list.extend([object(TIP, "02")?, object(TIP_FIXED, amount)?]),
            Some(Tip::Percent(share)) => list.extend([object(TIP, "03")?, object(TIP_PERCENT, share)?]),
        }
        list.extend([object(COUNTRY, &self.country)?, object(NAME, &self.name)?, object(CITY, &self.city)?]);
        if let Some(code) = &self.postal_code {
            list.push(object(POSTAL_CODE, code)?);
        }
        if let Some(additional) = self.additional.template()? {
            list.push(object(ADDITIONAL, &additional.to_string())?);
        }
        if let Some(local) = &self.local {
            list.push(object(LOCAL, &local.template()?.to_string())?);
        }
        list.extend(self.others.iter().cloned());
        Ok(list)
    }
}

fn object(id: ObjectId, value: &str) -> Result<DataObject, CodeError> {
    DataObject::new(id, value).ok_or(CodeError::Value(id))
}

fn check_checksum(text: &str) -> Result<(), CodeError> {
    let start = text.len().checked_sub(4).ok_or(CodeError::ChecksumMissing)?;
    let (guarded, digits) = text.split_at_checked(start).ok_or(CodeError::ChecksumMissing)?;
    if !guarded.ends_with(CHECKSUM_HEAD) {
        return Err(CodeError::ChecksumMissing);
    }
    let stated = u16::from_str_radix(digits, 16).map_err(|_| CodeError::ChecksumWrong)?;
    if stated == crc_16_ccitt_false(guarded.as_bytes()) { Ok(()) } else { Err(CodeError::ChecksumWrong) }
}

/// Reads the objects of a code, with or without its checksum.
fn read(objects: &Template) -> Result<MerchantCode, CodeError> {
    let needed = |id| objects.value(id).ok_or(CodeError::Missing(id));
    let _format = needed(FORMAT)?;
    let in_range = |first: u8, last: u8| {
        let inside = move |object: &&DataObject| (first..=last).contains(&object.id().number());
        objects.objects().iter().filter(inside).cloned().collect::<Vec<_>>()
    };
    let accounts = in_range(ACCOUNT_FIRST, ACCOUNT_LAST);
    if accounts.is_empty() {
        return Err(CodeError::Missing(ObjectId::named(26)));
    }
    let currency = currency(needed(CURRENCY)?)?;
    Ok(MerchantCode {
        initiation: objects.value(INITIATION).map(Initiation::read).transpose()?,
        accounts,
        category: checked(CATEGORY, needed(CATEGORY)?, 4, 4, |c| c.is_ascii_digit())?,
        currency,
        amount: objects.value(AMOUNT).map(|text| amount(text, currency)).transpose()?,
        tip: tip(objects)?,
        country: checked(COUNTRY, needed(COUNTRY)?, 2, 2, |c| c.is_ascii_uppercase())?,
        // Codes in use have longer names than the format allows, and are readable all the same.
        name: checked(NAME, needed(NAME)?, 1, VALUE_CHARACTERS_MAX, is_printable)?,
        city: checked(CITY, needed(CITY)?, 1, VALUE_CHARACTERS_MAX, is_printable)?,
        postal_code: optional(objects, POSTAL_CODE, 10)?,
        additional: objects.value(ADDITIONAL).map(AdditionalData::read).transpose()?.unwrap_or_default(),
        local: objects.value(LOCAL).map(LocalLanguage::read).transpose()?,
        others: in_range(65, 99),
    })
}

fn is_printable(character: char) -> bool {
    !character.is_control()
}

fn checked(
    id: ObjectId,
    value: &str,
    least: usize,
    most: usize,
    fits: impl Fn(char) -> bool,
) -> Result<String, CodeError> {
    let count = value.chars().count();
    if count < least || count > most || !value.chars().all(fits) {
        return Err(CodeError::Value(id));
    }
    Ok(value.to_owned())
}

fn optional(template: &Template, id: ObjectId, most: usize) -> Result<Option<String>, CodeError> {
    template.value(id).map(|value| checked(id, value, 1, most, is_printable)).transpose()
}

fn currency(digits: &str) -> Result<Currency, CodeError> {
    let numeric = checked(CURRENCY, digits, 3, 3, |c| c.is_ascii_digit())?;
    let numeric = numeric.parse().map_err(|_| CodeError::Value(CURRENCY))?;
    Currency::from_numeric(numeric).map_err(|_: MoneyError| CodeError::Value(CURRENCY))
}

/// Amounts are written as `8`, `8.5`, `8.50` or `8.` (section 4.7.7); up to 13 characters.
fn amount(text: &str, currency: Currency) -> Result<Amount, CodeError> {
    let digits = text.strip_suffix('.').unwrap_or(text);
    let fits = text.len() <= 13;
    let parsed = Amount::parse(digits, currency).ok().filter(|amount| fits && !amount.is_zero());
    parsed.ok_or(CodeError::Value(AMOUNT))
}

fn tip(objects: &Template) -> Result<Option<Tip>, CodeError> {
    let number = |id, most| {
        let value = objects.value(id).ok_or(CodeError::Missing(id))?;
        checked(id, value, 1, most, |c| c.is_ascii_digit() || c == '.')
    };
    match objects.value(TIP) {
        None => Ok(None),
        Some("01") => Ok(Some(Tip::Asked)),
        Some("02") => Ok(Some(Tip::Fixed(number(TIP_FIXED, 13)?))),
        Some("03") => Ok(Some(Tip::Percent(number(TIP_PERCENT, 5)?))),
        Some(_) => Err(CodeError::Value(TIP)),
    }
}

impl Initiation {
    const fn digits(self) -> &'static str {
        match self {
            Self::Static => "11",
            Self::Dynamic => "12",
        }
    }

    fn read(digits: &str) -> Result<Self, CodeError> {
        match digits {
            "11" => Ok(Self::Static),
            "12" => Ok(Self::Dynamic),
            _ => Err(CodeError::Value(INITIATION)),
        }
    }
}

impl AdditionalData {
    fn template(&self) -> Result<Option<Template>, CodeError> {
        let named = [
            (BILL_NUMBER, &self.bill_number),
            (STORE_LABEL, &self.store_label),
            (REFERENCE_LABEL, &self.reference_label),
            (TERMINAL_LABEL, &self.terminal_label),
            (PURPOSE, &self.purpose),
        ];
        let mut objects = Vec::new();
        for (id, value) in named {
            if let Some(value) = value {
                objects.push(object(id, value)?);
            }
        }
        objects.extend(self.others.iter().cloned());
        if objects.is_empty() { Ok(None) } else { Ok(Some(Template::new(objects)?)) }
    }

    fn read(text: &str) -> Result<Self, CodeError> {
        let template = Template::parse(text)?;
        let named = [BILL_NUMBER, STORE_LABEL, REFERENCE_LABEL, TERMINAL_LABEL, PURPOSE];
        let others = template.objects().iter().filter(|object| !named.contains(&object.id()));
        Ok(Self {
            bill_number: optional(&template, BILL_NUMBER, 25)?,
            store_label: optional(&template, STORE_LABEL, 25)?,
            reference_label: optional(&template, REFERENCE_LABEL, 25)?,
            terminal_label: optional(&template, TERMINAL_LABEL, 25)?,
            purpose: optional(&template, PURPOSE, 25)?,
            others: others.cloned().collect(),
        })
    }
}

impl LocalLanguage {
    fn template(&self) -> Result<Template, CodeError> {
        let mut objects = vec![object(LOCAL_LANGUAGE, &self.language)?, object(LOCAL_NAME, &self.name)?];
        if let Some(city) = &self.city {
            objects.push(object(LOCAL_CITY, city)?);
        }
        Ok(Template::new(objects)?)
    }

    fn read(text: &str) -> Result<Self, CodeError> {
        let template = Template::parse(text)?;
        let needed = |id| template.value(id).ok_or(CodeError::Value(LOCAL));
        Ok(Self {
            language: checked(LOCAL, needed(LOCAL_LANGUAGE)?, 2, 2, |c| c.is_ascii_alphabetic())?,
            name: checked(LOCAL, needed(LOCAL_NAME)?, 1, 25, is_printable)?,
            city: optional(&template, LOCAL_CITY, 15)?,
        })
    }
}

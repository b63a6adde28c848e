//! Codes that a merchant presents, as EMVCo writes them, sealed so that a changed or foreign code is found out.
//!
//! The account template with our [`GLOBAL_ID`] holds the merchant, for a code of one payment the moment it expires, and
//! a seal: a keyed hash over every other object of the code. The seal is symmetric, with a key that only this
//! installation has: whoever scans a code asks this installation anyway, so nobody else has to check it, and twelve
//! bytes fit the template of 99 characters, which a public-key signature of 64 bytes would not; numbers are in base 36.
//! The key stands outside the records: who can read those makes no code. A code only ever says whom to pay, and the payer sees
//! and confirms.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::emv_qr::{
    AdditionalData, CodeError, DataObject, Initiation, LocalLanguage, MerchantCode, NAME_CHARACTERS_MAX,
    ObjectId, Template,
};
use money::{Amount, Currency};
use records::merchants::{Merchant, MerchantStatus};
use wallet::ids::MerchantId;

use crate::code_refusal::CodeRefusal;
use crate::orders::{self, PayRequest};
use crate::payment::{self, PaymentRequest};
use crate::{
    IdempotencyKey, OperationError, Operations, Party, PlaceOfBusiness, Receipt, directory, installation_key,
    paid_once,
};

/// What object `00` of our account template says: which system the code belongs to.
pub const GLOBAL_ID: &str = "5c1ee0a7b9d94e6f8a3d2c47e1f06b85";
/// The most characters of a reference.
pub const REFERENCE_CHARACTERS_MAX: usize = 25;

/// The id of our account template, the first that may be used for one.
const ACCOUNT: u8 = 26;
const GLOBAL: u8 = 0;
const MERCHANT: u8 = 1;
const EXPIRES: u8 = 2;
const SEAL: u8 = 3;
/// Bits of a seal. Each try to hit one is a request to this installation.
const SEAL_BITS: u32 = 96;
/// Base-36 digits of a merchant's 128 bits, and of a seal.
const MERCHANT_DIGITS: usize = 25;
const SEAL_DIGITS: usize = 19;

const LOCAL_LANGUAGE: &str = "zh";

/// What a code shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCode {
    /// Who is paid.
    pub merchant: MerchantId,
    /// The currency.
    pub currency: Currency,
    /// How much; `None` where the payer says.
    pub amount: Option<Amount>,
    /// For a code that is paid once: the merchant's name for the order, at most 25 characters, and when it expires.
    pub once: Option<(String, Timestamp)>,
}

/// A code that is whole, sealed by this installation, and not expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodCode {
    /// Who is paid.
    pub merchant: Merchant,
    /// The currency.
    pub currency: Currency,
    /// How much; `None` where the payer says.
    pub amount: Option<Amount>,
    /// The order, where the code is paid once: see [`crate::paid_once`].
    pub reference: Option<String>,
}

fn id(number: u8) -> ObjectId {
    ObjectId::new(number).expect("ids of this module have two digits")
}

/// Makes the text of a code.
///
/// # Errors
/// [`OperationError::NotFound`] or [`OperationError::NotActive`] for the merchant, [`OperationError::TextLength`] for the
/// reference, [`OperationError::CurrencyNotSupported`], or what could not be reached.
pub async fn create(operations: &Operations, new: &NewCode) -> Result<String, OperationError> {
    operations.policy().check_currency(new.currency)?;
    if let Some(amount) = new.amount {
        operations.policy().check_amount(amount)?;
        if amount.currency() != new.currency {
            return Err(OperationError::CurrencyNotSupported);
        }
    }
    directory::payable(operations, new.merchant).await?;
    let merchant = directory::merchant(operations, new.merchant).await?;
    let merchant = merchant.ok_or(OperationError::NotFound(Party::Merchant))?;
    let key = installation_key::get(operations).await?;
    sealed(new, (&merchant, &operations.policy().place), key)
        .ok_or(OperationError::TextLength { field: "reference" })
}

/// Reads a code that somebody scanned.
///
/// # Errors
/// [`OperationError::CodeRefused`] with the reason, [`OperationError::NotActive`] for the merchant, or what could not be
/// reached.
pub async fn verify(operations: &Operations, text: &str) -> Result<GoodCode, OperationError> {
    let code = MerchantCode::decode(text.trim()).map_err(|error| match error {
        CodeError::ChecksumWrong => OperationError::CodeRefused(CodeRefusal::Damaged),
        _ => OperationError::CodeRefused(CodeRefusal::NotACode),
    })?;
    let refused = |refusal| OperationError::CodeRefused(refusal);
    let account = account_of(&code).ok_or(refused(CodeRefusal::Foreign))?;
    let key = installation_key::get(operations).await?;
    let expected = seal(&code, &account, key).ok_or(refused(CodeRefusal::Forged))?;
    let stated = account.value(id(SEAL)).ok_or(refused(CodeRefusal::Forged))?;
    if !is_same(stated.as_bytes(), expected.as_bytes()) {
        return Err(refused(CodeRefusal::Forged));
    }
    if account.value(id(EXPIRES)).is_some_and(|seconds| is_past(seconds, operations.now())) {
        return Err(refused(CodeRefusal::Expired));
    }
    let merchant = account.value(id(MERCHANT)).and_then(|digits| u128::from_str_radix(digits, 36).ok());
    let merchant = MerchantId::new(merchant.ok_or(refused(CodeRefusal::Forged))?);
    let merchant = directory::merchant(operations, merchant).await?;
    let merchant = merchant.ok_or(OperationError::NotFound(Party::Merchant))?;
    if merchant.status != MerchantStatus::Active {
        return Err(OperationError::NotActive(Party::Merchant));
    }
    Ok(GoodCode {
        merchant: (*merchant).clone(),
        currency: code.currency,
        amount: code.amount,
        reference: code.additional.reference_label,
    })
}

/// Pays a good code: the merchant's order where the reference names one, else whatever the merchant calls so, once; a code
/// without a reference as often as one likes.
///
/// # Errors
/// [`OperationError::AlreadyPaid`] or [`OperationError::OrderEnded`]; which rule the request breaks; or what could not be
/// reached.
pub async fn pay(
    operations: &Operations,
    key: &IdempotencyKey,
    code: &GoodCode,
    request: PaymentRequest,
) -> Result<Receipt, OperationError> {
    let Some(reference) = &code.reference else { return payment::start(operations, key, request).await };
    match orders::of_code(operations, code.merchant.id, reference).await? {
        Some(order) => {
            let request = PayRequest { payer: request.payer, order: order.id, origin: request.origin };
            orders::pay(operations, key, request).await
        }
        None => paid_once::start(operations, key, reference, request).await,
    }
}

/// The ISO 18245 category of what a merchant sells; `5999`, other retail, where the directory's word says nothing.
fn category(word: &str) -> &'static str {
    match word {
        "canteen" | "noodles" | "buns" | "tea" | "coffee" => "5812",
        "books" => "5942",
        "market" => "5411",
        "pharmacy" => "5912",
        "laundry" => "7210",
        "bus" => "4131",
        "property" => "6513",
        "inn" => "7011",
        "stage" => "7922",
        _ => "5999",
    }
}

fn clipped(text: &str, most: usize) -> String {
    text.trim().chars().filter(|character| !character.is_control()).take(most).collect()
}

fn sealed(new: &NewCode, (merchant, place): (&Merchant, &PlaceOfBusiness), key: &[u8; 32]) -> Option<String> {
    let mut account = vec![
        DataObject::new(id(GLOBAL), GLOBAL_ID)?,
        DataObject::new(id(MERCHANT), &base_36(merchant.id.bits(), MERCHANT_DIGITS))?,
    ];
    let mut additional = AdditionalData::default();
    if let Some((reference, expires_at)) = &new.once {
        let fits = (1..=REFERENCE_CHARACTERS_MAX).contains(&reference.chars().count());
        additional.reference_label = fits.then(|| Some(reference.clone()))?;
        account.push(DataObject::new(id(EXPIRES), &base_36(seconds_of(*expires_at).into(), 1))?);
    }
    let initiation = if new.once.is_some() { Initiation::Dynamic } else { Initiation::Static };
    let local = LocalLanguage {
        language: LOCAL_LANGUAGE.to_owned(),
        name: clipped(&merchant.name_zh, NAME_CHARACTERS_MAX),
        city: None,
    };
    let mut code = MerchantCode {
        initiation: Some(initiation),
        accounts: Vec::new(),
        category: category(&merchant.category).to_owned(),
        currency: new.currency,
        amount: new.amount,
        tip: None,
        country: place.country().to_owned(),
        name: clipped(&merchant.name_en, NAME_CHARACTERS_MAX),
        city: place.city().to_owned(),
        postal_code: None,
        additional,
        local: Some(local),
        others: Vec::new(),
    };
    let unsealed = Template::new(account.clone()).ok()?;
    code.accounts = vec![DataObject::new(id(ACCOUNT), &unsealed.to_string())?];
    account.push(DataObject::new(id(SEAL), &seal(&code, &unsealed, key)?)?);
    code.accounts = vec![DataObject::new(id(ACCOUNT), &Template::new(account).ok()?.to_string())?];
    code.encode().ok()
}

/// Our template of the code.
fn account_of(code: &MerchantCode) -> Option<Template> {
    let templates = code.accounts.iter().filter(|object| object.id().number() >= ACCOUNT);
    let mut parsed = templates.filter_map(|object| Template::parse(object.value()).ok());
    parsed.find(|template| template.value(id(GLOBAL)) == Some(GLOBAL_ID))
}

/// The seal of a code: over all its objects, our template without its seal.
fn seal(code: &MerchantCode, account: &Template, key: &[u8; 32]) -> Option<String> {
    let unsealed = account.objects().iter().filter(|object| object.id() != id(SEAL)).cloned().collect();
    let unsealed = Template::new(unsealed).ok()?;
    let mut bare = code.clone();
    bare.accounts = vec![DataObject::new(id(ACCOUNT), &unsealed.to_string())?];
    let text = Template::new(bare.objects().ok()?).ok()?.to_string();
    let hash = blake3::keyed_hash(key, text.as_bytes());
    let (bits, _) = hash.as_bytes().split_first_chunk::<16>()?;
    Some(base_36(u128::from_be_bytes(*bits) >> (u128::BITS - SEAL_BITS), SEAL_DIGITS))
}

/// Takes the same time wherever the texts differ.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

const fn seconds_of(moment: Timestamp) -> u64 {
    moment.0 / NANOSECONDS_PER_SECOND
}

/// The number in base 36, with zeros before it up to `least` digits.
fn base_36(number: u128, least: usize) -> String {
    let mut rest = number;
    let mut digits = Vec::new();
    while rest > 0 || digits.len() < least {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        rest /= 36;
    }
    digits.iter().rev().collect()
}

fn is_past(seconds: &str, now: Timestamp) -> bool {
    u64::from_str_radix(seconds, 36).is_ok_and(|end| seconds_of(now) >= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_from_its_digits() {
        assert_eq!(base_36(u128::MAX, MERCHANT_DIGITS).len(), MERCHANT_DIGITS);
        assert_eq!(base_36((1 << SEAL_BITS) - 1, SEAL_DIGITS).len(), SEAL_DIGITS);
        assert_eq!(base_36(35, 3), "00z");
        let moment = Timestamp(1_795_000_000 * NANOSECONDS_PER_SECOND);
        let digits = base_36(seconds_of(moment).into(), 1);
        assert_eq!(digits, "top2v4");
        assert!(!is_past(&digits, Timestamp(moment.0 - 1)) && is_past(&digits, moment));
    }
}

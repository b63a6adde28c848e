//! Codes that a payer shows and a merchant charges.
//!
//! A code is twenty digits: two that say what it is, eighteen random ones. It says nothing about who shows it; the
//! records keep its hash beside the holder, so that a thief of the records cannot show it either. It lives for a minute
//! and is worth its limit at most. The payment has an id derived from the digits: whoever charges first, in however many
//! places at once, is paid, and nobody else.
//!
//! A small sum needs nothing more: the code comes from the payer's own session. Anything above waits until the payer has
//! confirmed it there.

use ledger::Timestamp;
use money::{Amount, Currency};
use records::operations;
use records::payer_codes::{self, PayerCharge, PayerCode};
use records::step_up_challenges::Proof;
use wallet::ids::{HolderId, MerchantId, OperationId, derive};
use wallet::postings::Fingerprint;

use crate::code_refusal::CodeRefusal;
use crate::payment::{self, PaymentRequest};
use crate::{OperationError, Operations, Origin, Party, Receipt, directory, memo, step_up};

/// How long a code counts.
pub const LIFE_SECONDS: u32 = 60;
/// How long a charge waits for the payer's confirmation.
pub const CONFIRMATION_SECONDS: u32 = 180;
/// The limits that a payer may choose from for a code, in whole units; the first unless told otherwise.
pub const LIMITS_UNITS: [u64; 3] = [1_000, 200, 5_000];

/// The first digits of every code.
const PREFIX: &str = "62";
const RANDOM_DIGITS: usize = 18;
/// How long what was shown and asked is kept, so that a late charge hears why it is refused.
const KEPT_SECONDS: u32 = 24 * 3_600;
/// How many of the last codes are looked at for news.
const CODES_MAX: u32 = 20;

/// A code as the payer shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownCode {
    /// Its digits, known here and to the payer only.
    pub digits: String,
    /// The most that it is worth.
    pub most: Amount,
    /// From when on it counts no longer.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownCode").field("most", &self.most).finish_non_exhaustive()
    }
}

/// What a merchant asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRequest {
    /// Who is paid, and asks.
    pub merchant: MerchantId,
    /// What the payer showed; spaces do not count.
    pub digits: String,
    /// How much.
    pub amount: Amount,
    /// What for; at most 140 characters, may be empty.
    pub memo: String,
}

/// How far a charge came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// It was decided.
    Ended(Receipt),
    /// The payer has yet to confirm it.
    Waiting {
        /// The payment to be.
        id: OperationId,
        /// From when on it can no longer be confirmed.
        expires_at: Timestamp,
    },
}

/// What became of the codes that a payer showed in the last minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// A charge to confirm or reject.
    pub waiting: Option<PayerCharge>,
    /// The newest payment.
    pub paid: Option<OperationId>,
}

const fn refused<T>(refusal: CodeRefusal) -> Result<T, OperationError> {
    Err(OperationError::CodeRefused(refusal))
}

fn hash_of(digits: &str) -> [u8; 32] {
    blake3::derive_key("sycee payer code v1", digits.as_bytes())
}

fn payment_id(token_hash: &[u8; 32]) -> OperationId {
    OperationId::new(derive("sycee payer code charge v1", &[token_hash]))
}

/// The digits of a code, without spaces.
fn digits_of(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let fits =
        digits.len() == PREFIX.len() + RANDOM_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    (fits && digits.starts_with(PREFIX)).then_some(digits)
}

/// Makes a code for this holder to show, worth at most `units` of the currency, one of [`LIMITS_UNITS`].
///
/// # Errors
/// Which rule says no, or what could not be reached.
pub async fn show(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
    units: u64,
) -> Result<ShownCode, OperationError> {
    operations.policy().check_currency(currency)?;
    let units = LIMITS_UNITS.into_iter().find(|limit| *limit == units).unwrap_or(LIMITS_UNITS[0]);
    let minor = units.saturating_mul(currency.minor_per_unit());
    let most = Amount::from_minor(minor, currency).map_err(|_| OperationError::CurrencyNotSupported)?;
    directory::spender(operations, holder, currency).await?;
    let random = operations.fresh_bits() % 10_u128.pow(18);
    let digits = format!("{PREFIX}{random:0RANDOM_DIGITS$}");
    let now = operations.now();
    let expires_at = now.checked_add_seconds(LIFE_SECONDS).unwrap_or(Timestamp::LAST);
    let row = PayerCode { token_hash: hash_of(&digits), holder, most, created_at: now, expires_at };
    let forgotten_before = before(now, KEPT_SECONDS);
    operations.records().write(move |sql| payer_codes::insert(sql, &row, forgotten_before)).await?;
    Ok(ShownCode { digits, most, expires_at })
}

const fn before(now: Timestamp, seconds: u32) -> Timestamp {
    Timestamp(now.0.saturating_sub(seconds as u64 * ledger::NANOSECONDS_PER_SECOND))
}

/// Charges a code, or says again what became of it where the same merchant charges the same amount once more.
///
/// # Errors
/// [`OperationError::CodeRefused`] with the reason; which rule the payment breaks; or what could not be reached.
pub async fn charge(operations: &Operations, request: ChargeRequest) -> Result<Charged, OperationError> {
    operations.policy().check_amount(request.amount)?;
    memo::check(&request.memo)?;
    let Some(digits) = digits_of(&request.digits) else { return refused(CodeRefusal::NotACode) };
    let token_hash = hash_of(&digits);
    let id = payment_id(&token_hash);
    let read = operations.records().read(move |sql| {
        let code = payer_codes::get(sql, &token_hash)?;
        Ok((code, payer_codes::charge_with_id(sql, id)?, operations::get(sql, id)?))
    });
    let (code, waiting, paid) = read.await?;
    let Some(code) = code else { return refused(CodeRefusal::NotACode) };
    if let Some(row) = paid {
        let same = row.fingerprint == fingerprint(&request).0;
        return if same { Ok(Charged::Ended(Receipt::from(&row))) } else { refused(CodeRefusal::Used) };
    }
    if let Some(waiting) = waiting {
        return answer_of(operations, &request, &waiting);
    }
    if code.expires_at <= operations.now() {
        return refused(CodeRefusal::Expired);
    }
    if code.most.currency() != request.amount.currency() {
        return Err(OperationError::CurrencyNotSupported);
    }
    if request.amount.minor() > code.most.minor() {
        return refused(CodeRefusal::OverLimit { most: code.most.minor() });
    }
    directory::payable(operations, request.merchant).await?;
    directory::spender(operations, code.holder, request.amount.currency()).await?;
    if operations.policy().is_small(request.amount) {
        pay_small(operations, id, code.holder, request).await
    } else {
        ask(operations, id, code.holder, request).await
    }
}

/// What became of a charge that waits, for whoever asked for it.
///
/// # Errors
/// [`OperationError::CodeRefused`] where it is another's, was rejected, or its time is over.
fn answer_of(
    operations: &Operations,
    request: &ChargeRequest,
    waiting: &PayerCharge,
) -> Result<Charged, OperationError> {
    let same = waiting.merchant == request.merchant
        && waiting.amount == request.amount
        && waiting.memo == request.memo;
    if !same {
        return refused(CodeRefusal::Used);
    }
    if waiting.rejected_at.is_some() {
        return refused(CodeRefusal::Rejected);
    }
    if waiting.expires_at <= operations.now() {
        return refused(CodeRefusal::Expired);
    }
    Ok(Charged::Waiting { id: waiting.id, expires_at: waiting.expires_at })
}

/// Pays a small sum. That the payer's own session showed the code is the proof that a payee paid for the first time asks
/// for.
async fn pay_small(
    operations: &Operations,
    id: OperationId,
    payer: HolderId,
    request: ChargeRequest,
) -> Result<Charged, OperationError> {
    let first = pay(operations, id, payer, &request, Origin::default()).await;
    if first != Err(OperationError::StepUpRequired) {
        return first.map(Charged::Ended);
    }
    let challenge = step_up::ask(operations, payer, request.merchant.into(), request.amount).await?;
    step_up::prove(operations, payer, challenge.id, Proof::ShownCode).await?;
    let origin = Origin { session: None, step_up: Some(challenge.id) };
    pay(operations, id, payer, &request, origin).await.map(Charged::Ended)
}

async fn pay(
    operations: &Operations,
    id: OperationId,
    payer: HolderId,
    request: &ChargeRequest,
    origin: Origin,
) -> Result<Receipt, OperationError> {
    let payment = PaymentRequest {
        payer,
        merchant: request.merchant,
        amount: request.amount,
        memo: request.memo.clone(),
        origin,
    };
    match payment::start_as(operations, id, fingerprint(request), payment, None).await {
        Err(OperationError::KeyReused) => refused(CodeRefusal::Used),
        answer => answer,
    }
}

async fn ask(
    operations: &Operations,
    id: OperationId,
    payer: HolderId,
    request: ChargeRequest,
) -> Result<Charged, OperationError> {
    let now = operations.now();
    let charge = PayerCharge {
        id,
        holder: payer,
        merchant: request.merchant,
        amount: request.amount,
        memo: request.memo.clone(),
        created_at: now,
        expires_at: now.checked_add_seconds(CONFIRMATION_SECONDS).unwrap_or(Timestamp::LAST),
        rejected_at: None,
    };
    let waiting = operations.records().write(move |sql| payer_codes::ask(sql, &charge)).await?;
    answer_of(operations, &request, &waiting)
}

/// The charge that is to become this payment, for the merchant that asked for it or the holder who is to confirm it.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn waiting(operations: &Operations, id: OperationId) -> Result<PayerCharge, OperationError> {
    let found = operations.records().read(move |sql| payer_codes::charge_with_id(sql, id)).await?;
    found.ok_or(OperationError::NotFound(Party::Operation))
}

/// What became of a charge: for the merchant's page that waits for it.
///
/// # Errors
/// [`OperationError::NotFound`] where this merchant asked for no such charge, [`OperationError::CodeRefused`] where it
/// was rejected or its time is over, or what could not be reached.
pub async fn outcome(
    operations: &Operations,
    merchant: MerchantId,
    id: OperationId,
) -> Result<(PayerCharge, Option<Receipt>), OperationError> {
    let read = operations
        .records()
        .read(move |sql| Ok((payer_codes::charge_with_id(sql, id)?, operations::get(sql, id)?)));
    let (charge, row) = read.await?;
    let charge = charge.filter(|charge| charge.merchant == merchant);
    let charge = charge.ok_or(OperationError::NotFound(Party::Operation))?;
    if let Some(row) = row {
        return Ok((charge, Some(Receipt::from(&row))));
    }
    if charge.rejected_at.is_some() {
        return refused(CodeRefusal::Rejected);
    }
    if charge.expires_at <= operations.now() {
        return refused(CodeRefusal::Expired);
    }
    Ok((charge, None))
}

/// The payer confirms a charge that waits. Repeating it has the same answer.
///
/// # Errors
/// [`OperationError::StepUpRequired`] until `origin` brings the proof; [`OperationError::CodeRefused`]; which rule the
/// payment breaks; or what could not be reached.
pub async fn confirm(
    operations: &Operations,
    holder: HolderId,
    id: OperationId,
    origin: Origin,
) -> Result<Receipt, OperationError> {
    let charge = waiting(operations, id).await?;
    if charge.holder != holder {
        return Err(OperationError::NotFound(Party::Operation));
    }
    let request = ChargeRequest {
        merchant: charge.merchant,
        digits: String::new(),
        amount: charge.amount,
        memo: charge.memo.clone(),
    };
    let row = operations.records().read(move |sql| operations::get(sql, id)).await?;
    if let Some(row) = row {
        return Ok(Receipt::from(&row));
    }
    answer_of(operations, &request, &charge)?;
    pay(operations, id, holder, &request, origin).await
}

/// The payer says no to a charge that waits.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn reject(
    operations: &Operations,
    holder: HolderId,
    id: OperationId,
) -> Result<(), OperationError> {
    let now = operations.now();
    let rejected = operations.records().write(move |sql| payer_codes::reject(sql, holder, id, now)).await?;
    if rejected { Ok(()) } else { Err(OperationError::NotFound(Party::Operation)) }
}

/// What became of the codes that this holder showed since `since`.
///
/// # Errors
/// What could not be reached.
pub async fn news(
    operations: &Operations,
    holder: HolderId,
    since: Timestamp,
) -> Result<News, OperationError> {
    let now = operations.now();
    let read = operations.records().read(move |sql| {
        let mut news = News::default();
        for charge in payer_codes::charges_of(sql, holder, now)? {
            if news.waiting.is_none() && operations::get(sql, charge.id)?.is_none() {
                news.waiting = Some(charge);
            }
        }
        for code in payer_codes::made_since(sql, holder, before(since, LIFE_SECONDS), CODES_MAX)? {
            let row = operations::get(sql, payment_id(&code.token_hash))?;
            if let Some(row) = row.filter(|row| news.paid.is_none() && row.created_at >= since) {
                news.paid = Some(row.id);
            }
        }
        Ok(news)
    });
    Ok(read.await?)
}

fn fingerprint(request: &ChargeRequest) -> Fingerprint {
    let parts: [&[u8]; 4] = [
        &request.merchant.to_bytes(),
        &request.amount.minor().to_be_bytes(),
        request.amount.currency().code().as_bytes(),
        request.memo.as_bytes(),
    ];
    Fingerprint(derive("sycee fingerprint payer code charge v1", &parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_twenty_digits_with_or_without_spaces() {
        assert_eq!(digits_of("6212 3456 7890 1234 5678").as_deref(), Some("62123456789012345678"));
        for text in [
            "",
            "621234567890123456789",
            "6212345678901234567",
            "63123456789012345678",
            "6212345678901234567x",
        ] {
            assert_eq!(digits_of(text), None, "{text}");
        }
    }
}

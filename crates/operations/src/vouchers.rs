//! Vouchers: a merchant sells money from its own account at the desk; whoever has the code puts it into a wallet.
//!
//! * Sold, the money waits on the voucher's own account: no code is worth more or less than that account.
//! * A voucher ends once, in a wallet or back at its merchant: the account's limit, whoever tries at the same time.
//! * The code follows from the seller's idempotency key and the key of this installation, so that a retry of the sale gets the
//!   same code. Of the code the records keep its hash, of the idempotency key nothing but the operation's id: who reads them
//!   can redeem a voucher only by guessing the idempotency key, which for the pages is random.

use std::fmt;

use ledger::Timestamp;
use money::Amount;
use records::operations::{NewOperation, OperationKind, OperationState};
use records::till::StaffRole;
use records::vouchers::{self, Voucher, VoucherState};
use wallet::chart;
use wallet::ids::{HolderId, MerchantId, OperationId, PrincipalId, VoucherId, derive};
use wallet::voucher_postings::{self as postings, End, Voucher as Worth};

use crate::key::operation_id;
use crate::{
    IdempotencyKey, OperationError, Operations, Party, Reason, Receipt, directory, installation_key, intent,
    one_step, till,
};

/// Characters of a code: 80 bits.
pub const CODE_CHARACTERS: usize = 16;

/// The digits of Crockford's base 32: no I, L, O or U, which are read as something else.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code of a voucher: who has it has the money.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VoucherCode([u8; CODE_CHARACTERS]);

impl fmt::Debug for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoucherCode")
    }
}

/// As people write it: `XXXX-XXXX-XXXX-XXXX`.
impl fmt::Display for VoucherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digit) in self.0.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*digit))?;
        }
        Ok(())
    }
}

impl VoucherCode {
    /// Reads what somebody typed: spaces and dashes do not matter, nor does case; `O` is 0, `I` and `L` are 1.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut digits = [0; CODE_CHARACTERS];
        let mut places = digits.iter_mut();
        for typed in text.chars().filter(|typed| !typed.is_whitespace() && !matches!(typed, '-' | '–' | '—'))
        {
            let digit = match typed.to_ascii_uppercase() {
                'O' => b'0',
                'I' | 'L' => b'1',
                other => u8::try_from(other).ok().filter(|digit| DIGITS.contains(digit))?,
            };
            *places.next()? = digit;
        }
        places.next().is_none().then_some(Self(digits))
    }

    fn derived(key: &[u8; 32], seller: PrincipalId, sale: &IdempotencyKey) -> Self {
        let key = blake3::derive_key("sycee voucher code key v1", key);
        let mut hasher = blake3::Hasher::new_keyed(&key);
        hasher.update(&seller.to_bytes()).update(sale.as_str().as_bytes());
        let mut bytes = hasher.finalize_xof();
        let mut drawn = [0; CODE_CHARACTERS];
        bytes.fill(&mut drawn);
        // Each byte has 256 values, eight for each of the 32 digits.
        Self(drawn.map(|byte| DIGITS[usize::from(byte % 32)]))
    }

    fn hash(&self) -> u128 {
        derive("sycee voucher code v1", &[&self.0])
    }

    fn last_four(&self) -> String {
        self.0[CODE_CHARACTERS - 4..].iter().map(|digit| char::from(*digit)).collect()
    }
}

/// What a merchant sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaleRequest {
    /// Who stands at the desk.
    pub seller: PrincipalId,
    /// Whose money it is.
    pub merchant: MerchantId,
    /// How much.
    pub amount: Amount,
}

/// Sells a voucher, or answers as before where the key was used before. The code is worth something only where the
/// receipt is of a completed sale.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn sell(
    operations: &Operations,
    key: &IdempotencyKey,
    request: SaleRequest,
) -> Result<(Receipt, VoucherCode), OperationError> {
    let id = operation_id(request.seller, "voucher sale", key);
    let code = VoucherCode::derived(installation_key::get(operations).await?, request.seller, key);
    let new = sale_operation(id, request.merchant, request.amount, operations.now());
    operations.policy().check_amount(request.amount)?;
    if let Err(rule) = directory::payable(operations, request.merchant).await {
        return Ok((intent::refuse(operations, id, new.fingerprint, rule).await?, code));
    }
    let worth = Worth { id: VoucherId::new(id.bits()), merchant: request.merchant, amount: request.amount };
    offer(operations, &worth, request.seller, &code).await?;
    let receipt = one_step::run(operations, new, postings::sold(&worth)).await?;
    let sold = receipt.state == OperationState::Completed;
    note(operations, worth.id, if sold { VoucherState::Sold } else { VoucherState::Void }).await?;
    Ok((receipt, code))
}

/// What stands before the sale: the voucher's account, and its code.
async fn offer(
    operations: &Operations,
    worth: &Worth,
    seller: PrincipalId,
    code: &VoucherCode,
) -> Result<(), OperationError> {
    let currency = worth.amount.currency();
    operations.ledger().open_accounts(vec![chart::voucher(worth.id, worth.merchant, currency)]).await?;
    let voucher = Voucher {
        id: worth.id,
        code_hash: code.hash(),
        merchant: worth.merchant,
        sold_by: seller,
        amount: worth.amount,
        last_four: code.last_four(),
        state: VoucherState::Offered,
        created_at: operations.now(),
    };
    Ok(operations.records().write(move |sql| vouchers::insert(sql, &voucher)).await?)
}

async fn note(operations: &Operations, id: VoucherId, state: VoucherState) -> Result<(), OperationError> {
    let now = operations.now();
    Ok(operations.records().write(move |sql| vouchers::note(sql, id, state, now)).await?)
}

/// The sold voucher with that code.
async fn sold(operations: &Operations, code: &VoucherCode) -> Result<Voucher, OperationError> {
    const UNKNOWN: OperationError = OperationError::NotFound(Party::Voucher);
    let hash = code.hash();
    let found = operations.records().read(move |sql| vouchers::with_code(sql, hash)).await?.ok_or(UNKNOWN)?;
    let (paid_in, paid_out) = moved(operations, found.id).await?;
    match (paid_in, paid_out) {
        (0, _) => Err(UNKNOWN),
        (_, 0) => Ok(found),
        _ => Err(OperationError::VoucherEnded),
    }
}

/// What went into a voucher's account, and what came out of it.
async fn moved(operations: &Operations, id: VoucherId) -> Result<(u128, u128), OperationError> {
    let account = operations.ledger().lookup_accounts(vec![chart::voucher_id(id)]).await?;
    let account = account.first();
    Ok(account.map_or((0, 0), |account| (account.credits_posted.0, account.debits_posted.0)))
}

/// Puts a voucher's money into a wallet, or answers as before where the key was used before.
///
/// # Errors
/// [`OperationError::NotFound`] where no voucher has this code, [`OperationError::VoucherEnded`] where it was redeemed or
/// taken back; which rule the request breaks; or what could not be reached.
pub async fn redeem(
    operations: &Operations,
    key: &IdempotencyKey,
    holder: HolderId,
    code: &VoucherCode,
) -> Result<Receipt, OperationError> {
    let id = operation_id(holder.into(), "voucher redemption", key);
    let voucher = match sold(operations, code).await {
        Ok(voucher) => voucher,
        Err(OperationError::VoucherEnded) => return ended_before(operations, id, holder, code).await,
        Err(rule) => return Err(rule),
    };
    let entry = directory::holder(operations, holder).await?;
    let entry = entry.ok_or(OperationError::NotFound(Party::Holder))?;
    entry.may_receive(voucher.amount.currency(), Party::Holder)?;
    end(operations, id, &voucher, End::Redeemed(holder)).await
}

/// The voucher has ended: the answer of then, where it was this request that ended it.
async fn ended_before(
    operations: &Operations,
    id: OperationId,
    holder: HolderId,
    code: &VoucherCode,
) -> Result<Receipt, OperationError> {
    let hash = code.hash();
    let found = operations.records().read(move |sql| vouchers::with_code(sql, hash)).await?;
    let voucher = found.ok_or(OperationError::VoucherEnded)?;
    let fingerprint = postings::end_fingerprint(voucher.id, End::Redeemed(holder));
    intent::refuse(operations, id, fingerprint.0, OperationError::VoucherEnded).await
}

/// Takes a voucher back that nobody has redeemed: at the desk within [`till::UNDO_SECONDS`], a manager at any time.
///
/// # Errors
/// [`OperationError::NotFound`] for a voucher of somebody else, [`OperationError::VoucherEnded`],
/// [`OperationError::NotPermitted`] where it takes a manager, or what could not be reached.
pub async fn take_back(
    operations: &Operations,
    (staff, role): (PrincipalId, StaffRole),
    merchant: MerchantId,
    id: VoucherId,
) -> Result<Receipt, OperationError> {
    let found = operations.records().read(move |sql| vouchers::get(sql, id)).await?;
    let voucher = found.filter(|voucher| voucher.merchant == merchant);
    let voucher = voucher.ok_or(OperationError::NotFound(Party::Operation))?;
    if role < StaffRole::Manager && !may_take_back(&voucher, operations.now()) {
        return Err(OperationError::NotPermitted);
    }
    // Once for each member of staff: a second click gets the first answer.
    let operation =
        OperationId::new(derive("sycee operation voucher return v1", &[&staff.to_bytes(), &id.to_bytes()]));
    end(operations, operation, &voucher, End::Returned).await
}

/// Whether a voucher is young enough for a cashier to take it back.
#[must_use]
pub fn may_take_back(voucher: &Voucher, now: Timestamp) -> bool {
    till::is_young(voucher.created_at, now)
}

async fn end(
    operations: &Operations,
    id: OperationId,
    voucher: &Voucher,
    end: End,
) -> Result<Receipt, OperationError> {
    let worth = Worth { id: voucher.id, merchant: voucher.merchant, amount: voucher.amount };
    let new = end_operation(id, &worth, end, operations.now());
    let receipt = one_step::run(operations, new, postings::ended(id, &worth, end)).await?;
    match (receipt.state, receipt.reason) {
        (OperationState::Completed, _) => {
            let state = match end {
                End::Redeemed(_) => VoucherState::Redeemed,
                End::Returned => VoucherState::Returned,
            };
            note(operations, voucher.id, state).await?;
            Ok(receipt)
        }
        (_, Some(Reason::InsufficientFunds)) => Err(OperationError::VoucherEnded),
        _ => Ok(receipt),
    }
}

/// The operation that a sale stands for.
pub(crate) fn sale_operation(
    id: OperationId,
    merchant: MerchantId,
    amount: Amount,
    created_at: Timestamp,
) -> NewOperation {
    NewOperation {
        id,
        kind: OperationKind::VoucherSale,
        payer: Some(merchant.into()),
        payee: None,
        merchant: Some(merchant),
        card: None,
        parent: None,
        amount,
        memo: String::new(),
        fingerprint: postings::sale_fingerprint(merchant, amount).0,
        created_at,
    }
}

/// The operation that the end of a voucher stands for. Money on a voucher is nobody's, so nobody pays.
pub(crate) fn end_operation(
    id: OperationId,
    voucher: &Worth,
    end: End,
    created_at: Timestamp,
) -> NewOperation {
    let (kind, payee) = match end {
        End::Redeemed(holder) => (OperationKind::VoucherRedemption, holder.into()),
        End::Returned => (OperationKind::VoucherReturn, voucher.merchant.into()),
    };
    NewOperation {
        id,
        kind,
        payer: None,
        payee: Some(payee),
        merchant: Some(voucher.merchant),
        card: None,
        parent: Some(postings::sale_id(voucher.id)),
        amount: voucher.amount,
        memo: String::new(),
        fingerprint: postings::end_fingerprint(voucher.id, end).0,
        created_at,
    }
}

/// The vouchers that a merchant sold, newest first, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn of_merchant(
    operations: &Operations,
    merchant: MerchantId,
    limit: u32,
) -> Result<Vec<Voucher>, OperationError> {
    let offered = operations.records().read(move |sql| vouchers::offered(sql, merchant)).await?;
    // A sale that was interrupted after the ledger had decided: the money waits, so the voucher is shown.
    for voucher in offered {
        if moved(operations, voucher.id).await?.0 > 0 {
            note(operations, voucher.id, VoucherState::Sold).await?;
        }
    }
    Ok(operations.records().read(move |sql| vouchers::of_merchant(sql, merchant, limit)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> VoucherCode {
        VoucherCode::derived(&[7; 32], PrincipalId::new(1), &"sale-1".parse().unwrap())
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let text = code().to_string();
        assert_eq!(text.len(), CODE_CHARACTERS + 3);
        assert_eq!(VoucherCode::read(&text), Some(code()));
        assert_eq!(VoucherCode::read(&text.to_lowercase().replace('-', " ")), Some(code()));
        assert_eq!(VoucherCode::read("OOOO IIII LLLL 0000"), VoucherCode::read("0000-1111-1111-0000"));
        for wrong in ["", "1234", "UUUU-UUUU-UUUU-UUUU", "0000-0000-0000-00000", "茶000-0000-0000-0000"] {
            assert_eq!(VoucherCode::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn another_sale_has_another_code() {
        let other = VoucherCode::derived(&[7; 32], PrincipalId::new(1), &"sale-2".parse().unwrap());
        assert_ne!(code(), other);
        assert_ne!(code().hash(), other.hash());
    }

    #[test]
    fn a_code_is_not_printed_by_accident() {
        assert_eq!(format!("{:?}", code()), "VoucherCode");
    }
}

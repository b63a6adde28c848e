//! The chart of accounts: which accounts exist, on which ledger, with which limits.
//!
//! | account | whose | the ledger holds |
//! |---|---|---|
//! | wallet | a holder, per currency | never overdrawn |
//! | closings | the other side of what closes a wallet, per currency | holds nothing |
//! | merchant | a merchant, per currency | never overdrawn |
//! | bank | the operator's money at a bank, per currency | never pays out more than was paid in |
//! | refund cap | a payment, on the memo ledger | never refunds more than was paid |
//! | refund control | the other side of all refund caps of a currency | |
//! | escrow | an order: what its buyer paid and its seller has not got yet | never gives out more than was paid in |
//! | voucher | a voucher that a merchant sold and nobody has redeemed yet | never gives out more than was paid in |
//! | purse | a card purse: loads less what was cleared, its shadow balance | never gives out more than was paid in |
//! | load | a load of a card, until the card credited it or it goes back | never gives out more than was paid in |
//! | purse excess | what card purses spent beyond their shadow balance, per currency | |
//! | purse fees | what merchants pay for card purchases, per currency | |
//! | purse register | where each debit of a currency is noted by its terminal's number for it, on the memo ledger | |
//! | suspense | the other side of what the operator corrects by hand, per currency | |
//! | order register | where each paid order of a currency is noted, on the memo ledger | |

use ledger::{Account, AccountFlags, AccountId, Code, LedgerId};
use money::Currency;

use crate::ids::{BankId, HolderId, MerchantId, OperationId, OrderId, VoucherId, derive_account};

/// Account code: money that a holder owns.
pub const WALLET: Code = Code(10);
/// Account code: the other side of what closes a wallet; nothing ever moves.
pub const CLOSINGS: Code = Code(11);
/// Account code: money that a merchant owns.
pub const MERCHANT: Code = Code(20);
/// Account code: the operator's money at a bank.
pub const BANK: Code = Code(30);
/// Account code: what of one payment may still be refunded (memo ledger).
pub const REFUND_CAP: Code = Code(40);
/// Account code: the other side of all refund caps (memo ledger).
pub const REFUND_CONTROL: Code = Code(41);

/// Account code: money of one order, paid by its buyer and waiting for its end.
pub const ESCROW: Code = Code(50);
/// Account code: where each paid order is noted (memo ledger).
pub const ORDER_REGISTER: Code = Code(51);
/// Account code: money of one voucher, sold and not yet redeemed.
pub const VOUCHER: Code = Code(60);
/// Account code: the shadow balance of a card purse.
pub const PURSE: Code = Code(70);
/// Account code: money of one load, until its card has it.
pub const PURSE_LOAD: Code = Code(71);
/// Account code: what card purses spent beyond their shadow balance.
pub const PURSE_EXCESS: Code = Code(72);
/// Account code: what merchants pay for card purchases.
pub const PURSE_FEES: Code = Code(73);
/// Account code: where each debit of a card is noted (memo ledger).
pub const PURSE_REGISTER: Code = Code(74);
/// Account code: what the operator paid sellers of split sales, and holders still owe.
pub const PURSE_ADVANCES: Code = Code(75);
/// Account code: what a purse was loaded with that pays other purses.
pub const TRANSFER_PURSE: Code = Code(76);
/// Account code: what the operator corrected by hand and has still to explain.
pub const SUSPENSE: Code = Code(90);

/// Transfer code: bank to wallet.
pub const TOP_UP: Code = Code(1);
/// Transfer code: wallet to bank.
pub const WITHDRAWAL: Code = Code(2);
/// Transfer code: wallet to wallet.
pub const TRANSFER: Code = Code(3);
/// Transfer code: wallet to merchant.
pub const PAYMENT: Code = Code(4);
/// Transfer code: merchant to wallet, against an earlier payment.
pub const REFUND: Code = Code(5);
/// Transfer code: a refund cap receives the amount of its payment.
pub const REFUND_CAP_OPENED: Code = Code(6);
/// Transfer code: a refund uses up part of its cap.
pub const REFUND_CAP_USED: Code = Code(7);

/// Transfer code: a wallet ends (pending, of nothing; voided where it is opened again).
pub const WALLET_CLOSED: Code = Code(11);

/// Transfer code: wallet to the escrow of an order.
pub const ESCROW_PAYMENT: Code = Code(50);
/// Transfer code: escrow to merchant.
pub const ESCROW_RELEASE: Code = Code(51);
/// Transfer code: escrow to the wallet that paid.
pub const ESCROW_REFUND: Code = Code(52);
/// Transfer code: what is in escrow is held until a dispute ends (pending).
pub const ESCROW_DISPUTED: Code = Code(53);
/// Transfer code: an order has been paid, by this one payment.
pub const ORDER_TAKEN: Code = Code(54);

/// Transfer code: merchant to a voucher that it sells.
pub const VOUCHER_SALE: Code = Code(60);
/// Transfer code: voucher to the wallet of who redeems it.
pub const VOUCHER_REDEMPTION: Code = Code(61);
/// Transfer code: voucher back to the merchant that sold it.
pub const VOUCHER_RETURN: Code = Code(62);

/// Transfer code: wallet to a load that begins.
pub const LOAD_FUNDED: Code = Code(70);
/// Transfer code: load to the purse that credited it.
pub const LOAD_CREDITED: Code = Code(71);
/// Transfer code: load back to the wallet, because the card did not credit it.
pub const LOAD_RETURNED: Code = Code(72);
/// Transfer code: purse to the wallet of its holder, because the card gave value back.
pub const PURSE_UNLOAD: Code = Code(73);
/// Transfer code: purse to the merchant that it paid offline.
pub const PURSE_DEBIT: Code = Code(74);
/// Transfer code: merchant to the purse, because the card cancelled a debit.
pub const PURSE_CANCEL: Code = Code(75);
/// Transfer code: merchant to the purse, because a debit turned out not to have been.
pub const PURSE_DEBIT_WITHDRAWN: Code = Code(76);
/// Transfer code: the rest of a lost purse to its holder's wallet.
pub const PURSE_REST: Code = Code(77);
/// Transfer code: merchant to the operator, for the purchases of a batch.
pub const PURSE_FEE: Code = Code(78);
/// Transfer code: a debit was taken up, under its terminal's number (memo ledger).
pub const PURSE_DEBIT_TAKEN: Code = Code(79);

/// Transfer code: the operator to the merchant of a split sale, the part that the card did not hold.
pub const SPLIT_ADVANCED: Code = Code(80);
/// Transfer code: the wallet that owes the part to the operator.
pub const SPLIT_COLLECTED: Code = Code(81);
/// Transfer code: wallet to a purse that pays other purses.
pub const TRANSFER_PURSE_LOAD: Code = Code(82);

/// Transfer code: float to a purse that pays other purses, what both sides prove was lost between them.
pub const TRANSFER_PURSE_GIVEN_BACK: Code = Code(83);
/// Transfer code: purse to the float, because the card has been told of a load or of what was given back.
pub const TRANSFER_PURSE_FETCHED: Code = Code(84);
/// Transfer code: an exception of a purse's log is noted (of nothing).
pub const TRANSFER_PURSE_EXCEPTION: Code = Code(85);
/// Transfer code: the log of exceptions may be cleared, because all of it is noted (of nothing).
pub const TRANSFER_PURSE_CLEARED: Code = Code(86);
/// Transfer code: the sums of a purse begin again (of nothing).
pub const TRANSFER_PURSE_SYNCHRONISED: Code = Code(87);

/// Transfer code: float to a purse that shall give back as much (pending until it has).
pub const TRANSFER_PURSE_UNLOAD: Code = Code(88);
/// Transfer code: purse to the wallet of its holder, what the purse has given back.
pub const TRANSFER_PURSE_UNLOADED: Code = Code(89);

/// Transfer code: the operator corrects a balance by hand, from or to suspense.
pub const ADJUSTMENT: Code = Code(90);

/// What is added to a currency's ledger to give its memo ledger: numbers there are limits, not money.
const MEMO_OFFSET: u32 = 100_000;

/// The ledger of a currency: its ISO 4217 numeric code.
#[must_use]
pub fn money_ledger(currency: Currency) -> LedgerId {
    LedgerId(u32::from(currency.numeric()))
}

/// The ledger of limits counted in a currency.
#[must_use]
pub fn memo_ledger(currency: Currency) -> LedgerId {
    LedgerId(MEMO_OFFSET + u32::from(currency.numeric()))
}

/// Whether the ledger holds limits rather than money.
#[must_use]
pub const fn is_memo(ledger: LedgerId) -> bool {
    ledger.0 >= MEMO_OFFSET
}

/// The currency of a ledger, memo or not. `None` where no wallet event uses that ledger.
#[must_use]
pub fn currency_of(ledger: LedgerId) -> Option<Currency> {
    let number = if is_memo(ledger) { ledger.0 - MEMO_OFFSET } else { ledger.0 };
    u16::try_from(number).ok().and_then(|numeric| Currency::from_numeric(numeric).ok())
}

fn in_currency(domain: &'static str, owner: [u8; 16], currency: Currency) -> AccountId {
    derive_account(domain, &[&owner, &currency.numeric().to_be_bytes()])
}

/// The id of a holder's wallet in a currency.
#[must_use]
pub fn wallet_id(holder: HolderId, currency: Currency) -> AccountId {
    in_currency("sycee account wallet v1", holder.to_bytes(), currency)
}

/// The id of a merchant's account in a currency.
#[must_use]
pub fn merchant_id(merchant: MerchantId, currency: Currency) -> AccountId {
    in_currency("sycee account merchant v1", merchant.to_bytes(), currency)
}

/// The id of the operator's account at a bank in a currency.
#[must_use]
pub fn bank_id(bank: BankId, currency: Currency) -> AccountId {
    in_currency("sycee account bank v1", bank.to_bytes(), currency)
}

/// The id of the account that limits the refunds of a payment.
#[must_use]
pub fn refund_cap_id(payment: OperationId) -> AccountId {
    derive_account("sycee account refund cap v1", &[&payment.to_bytes()])
}

/// The id of the other side of all refund caps of a currency.
#[must_use]
pub fn refund_control_id(currency: Currency) -> AccountId {
    derive_account("sycee account refund control v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of the escrow of an order.
#[must_use]
pub fn escrow_id(order: OrderId) -> AccountId {
    derive_account("sycee account escrow v1", &[&order.to_bytes()])
}

/// The id of the account of a voucher.
#[must_use]
pub fn voucher_id(voucher: VoucherId) -> AccountId {
    derive_account("sycee account voucher v1", &[&voucher.to_bytes()])
}

/// The id of the account where paid orders of a currency are noted.
#[must_use]
pub fn order_register_id(currency: Currency) -> AccountId {
    derive_account("sycee account order register v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of the operator's suspense account in a currency.
#[must_use]
pub fn suspense_id(currency: Currency) -> AccountId {
    derive_account("sycee account suspense v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of the other side of what closes the wallets of a currency.
#[must_use]
pub fn closings_id(currency: Currency) -> AccountId {
    derive_account("sycee account closings v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of an account that is never opened: a transfer that debits it always fails.
#[must_use]
pub fn nobody_id() -> AccountId {
    derive_account("sycee account nobody v1", &[])
}

/// A holder's wallet in a currency. Its `user_data_128` is the holder.
#[must_use]
pub fn wallet(holder: HolderId, currency: Currency) -> Account {
    Account {
        id: wallet_id(holder, currency),
        user_data_128: holder.bits(),
        ledger: money_ledger(currency),
        code: WALLET,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags::HISTORY,
        ..Account::default()
    }
}

/// A merchant's account in a currency. Its `user_data_128` is the merchant.
#[must_use]
pub fn merchant(merchant: MerchantId, currency: Currency) -> Account {
    Account {
        id: merchant_id(merchant, currency),
        user_data_128: merchant.bits(),
        ledger: money_ledger(currency),
        code: MERCHANT,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags::HISTORY,
        ..Account::default()
    }
}

/// The operator's account at a bank in a currency. Its `user_data_128` is the bank.
#[must_use]
pub fn bank(bank: BankId, currency: Currency) -> Account {
    Account {
        id: bank_id(bank, currency),
        user_data_128: bank.bits(),
        ledger: money_ledger(currency),
        code: BANK,
        flags: AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS,
        ..Account::default()
    }
}

/// The account that limits the refunds of a payment. Its `user_data_128` is the payment.
#[must_use]
pub fn refund_cap(payment: OperationId, currency: Currency) -> Account {
    Account {
        id: refund_cap_id(payment),
        user_data_128: payment.bits(),
        ledger: memo_ledger(currency),
        code: REFUND_CAP,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    }
}

/// The other side of all refund caps of a currency.
#[must_use]
pub fn refund_control(currency: Currency) -> Account {
    Account {
        id: refund_control_id(currency),
        ledger: memo_ledger(currency),
        code: REFUND_CONTROL,
        ..Account::default()
    }
}

/// The escrow of an order. Its `user_data_128` is the merchant that gets the money in the end.
#[must_use]
pub fn escrow(order: OrderId, merchant: MerchantId, currency: Currency) -> Account {
    Account {
        id: escrow_id(order),
        user_data_128: merchant.bits(),
        ledger: money_ledger(currency),
        code: ESCROW,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    }
}

/// The account of a voucher. `user_data_128` names the merchant that sells it.
#[must_use]
pub fn voucher(voucher: VoucherId, merchant: MerchantId, currency: Currency) -> Account {
    Account {
        id: voucher_id(voucher),
        user_data_128: merchant.bits(),
        ledger: money_ledger(currency),
        code: VOUCHER,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    }
}

/// Where paid orders of a currency are noted.
#[must_use]
pub fn order_register(currency: Currency) -> Account {
    Account {
        id: order_register_id(currency),
        ledger: memo_ledger(currency),
        code: ORDER_REGISTER,
        ..Account::default()
    }
}

/// The operator's suspense account in a currency: the other side of what is corrected by hand. It may stand on either side.
#[must_use]
pub fn suspense(currency: Currency) -> Account {
    Account {
        id: suspense_id(currency),
        ledger: money_ledger(currency),
        code: SUSPENSE,
        flags: AccountFlags::HISTORY,
        ..Account::default()
    }
}

/// The other side of what closes the wallets of a currency.
#[must_use]
pub fn closings(currency: Currency) -> Account {
    Account {
        id: closings_id(currency),
        ledger: money_ledger(currency),
        code: CLOSINGS,
        ..Account::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_has_one_account_per_currency() {
        let holder = HolderId::new(7);
        assert_ne!(wallet_id(holder, Currency::CNY), wallet_id(holder, Currency::EUR));
        assert_ne!(wallet_id(holder, Currency::CNY), wallet_id(HolderId::new(8), Currency::CNY));
        assert_eq!(wallet(holder, Currency::CNY), wallet(holder, Currency::CNY));
    }

    #[test]
    fn the_same_bits_in_different_roles_are_different_accounts() {
        let accounts = [
            wallet_id(HolderId::new(7), Currency::CNY),
            merchant_id(MerchantId::new(7), Currency::CNY),
            bank_id(BankId::new(7), Currency::CNY),
            refund_cap_id(OperationId::new(7)),
            refund_control_id(Currency::CNY),
            escrow_id(OrderId::new(7)),
            order_register_id(Currency::CNY),
            suspense_id(Currency::CNY),
            closings_id(Currency::CNY),
            nobody_id(),
        ];
        for (index, account) in accounts.iter().enumerate() {
            assert!(!accounts[..index].contains(account));
        }
    }

    #[test]
    fn money_and_its_limits_are_on_different_ledgers() {
        for currency in Currency::all() {
            assert!(!is_memo(money_ledger(currency)));
            assert!(is_memo(memo_ledger(currency)));
            assert_eq!(currency_of(money_ledger(currency)), Some(currency));
            assert_eq!(currency_of(memo_ledger(currency)), Some(currency));
        }
        assert_eq!(currency_of(LedgerId(1)), None);
        assert_eq!(currency_of(LedgerId::MAX), None);
    }

    #[test]
    fn what_belongs_to_someone_is_never_overdrawn() {
        let limit = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
        assert!(wallet(HolderId::new(1), Currency::CNY).flags.contains(limit));
        assert!(merchant(MerchantId::new(1), Currency::CNY).flags.contains(limit));
        assert!(refund_cap(OperationId::new(1), Currency::CNY).flags.contains(limit));
        assert!(escrow(OrderId::new(1), MerchantId::new(1), Currency::CNY).flags.contains(limit));
        let mirror = AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS;
        assert!(bank(BankId::new(1), Currency::CNY).flags.contains(mirror));
    }
}

//! Records from the ledger: what a restored backup of the records lacks, the ledger still has.

use std::collections::HashMap;

use ledger::{Account, AccountId, Code, Transfer, TransferFlags};
use money::Amount;
use records::operations::{self, NewOperation, OperationKind, OperationState};
use wallet::adjustment::Direction;
use wallet::chart;
use wallet::ids::{BankId, CardId, HolderId, MerchantId, OperationId, VoucherId};
use wallet::postings::{self, CardMovement};
use wallet::voucher_postings::{End, Voucher};

use crate::approvals::{self, Corrected};
use crate::card_purses::{transfer_purse, transfer_purse_visit};
use crate::{OperationError, Operations, escrow, refund, top_up, vouchers, withdrawal};

/// An operation as the ledger tells it.
pub(crate) struct Rebuilt {
    pub(crate) new: NewOperation,
    /// [`OperationState::Started`] where the bank still has to be asked.
    pub(crate) state: OperationState,
}

/// Whether a transfer decides an operation, rather than being one of its later steps or counting a limit, whose codes are
/// the same numbers on another ledger.
pub(crate) fn decides(transfer: &Transfer) -> bool {
    !transfer.resolves_pending()
        && !chart::is_memo(transfer.ledger)
        && !is_unload_in_suspense(transfer)
        && [
            chart::TOP_UP,
            chart::WITHDRAWAL,
            chart::TRANSFER,
            chart::PAYMENT,
            chart::REFUND,
            chart::ESCROW_PAYMENT,
            chart::ESCROW_RELEASE,
            chart::ESCROW_REFUND,
            chart::VOUCHER_SALE,
            chart::VOUCHER_REDEMPTION,
            chart::VOUCHER_RETURN,
            chart::TRANSFER_PURSE_LOAD,
            chart::TRANSFER_PURSE_UNLOADED,
            chart::ADJUSTMENT,
        ]
        .contains(&transfer.code)
}

/// Whether it is what a card gave back to a wallet that was closed: nobody's operation before a person hands it out.
fn is_unload_in_suspense(transfer: &Transfer) -> bool {
    let suspense = chart::currency_of(transfer.ledger).map(chart::suspense_id);
    transfer.code == chart::TRANSFER_PURSE_UNLOADED && Some(transfer.credit_account_id) == suspense
}

/// The amount of a transfer.
///
/// # Errors
/// [`OperationError::Inconsistent`] where no operation can have made it.
pub(crate) fn amount_of(transfer: &Transfer) -> Result<Amount, OperationError> {
    let currency = chart::currency_of(transfer.ledger).ok_or(FOREIGN)?;
    let minor = u64::try_from(transfer.amount.0).map_err(|_| FOREIGN)?;
    Amount::from_minor(minor, currency).map_err(|_| FOREIGN)
}

const FOREIGN: OperationError = OperationError::Inconsistent("ledger has a transfer of another program");

/// The operations that these deciding transfers stand for. What only the records knew, the memo, is gone.
pub(crate) async fn from_ledger(
    operations: &Operations,
    transfers: &[Transfer],
) -> Result<Vec<Rebuilt>, OperationError> {
    let ids = transfers.iter().flat_map(|t| [t.debit_account_id, t.credit_account_id]).collect();
    let accounts = operations.ledger().lookup_accounts(ids).await?;
    let accounts: HashMap<AccountId, Account> = accounts.into_iter().map(|a| (a.id, a)).collect();
    transfers.iter().map(|transfer| rebuilt(transfer, &accounts)).collect()
}

/// Whose account it is, where it has that code.
fn owner(accounts: &HashMap<AccountId, Account>, id: AccountId, code: Code) -> Result<u128, OperationError> {
    let account = accounts.get(&id).filter(|account| account.code == code).ok_or(FOREIGN)?;
    Ok(account.user_data_128)
}

fn rebuilt(transfer: &Transfer, accounts: &HashMap<AccountId, Account>) -> Result<Rebuilt, OperationError> {
    let debit = |code| owner(accounts, transfer.debit_account_id, code);
    let credit = |code| owner(accounts, transfer.credit_account_id, code);
    let movement = |holder: u128, bank: u128| {
        Ok::<_, OperationError>(CardMovement {
            operation: OperationId::new(transfer.id.0),
            holder: HolderId::new(holder),
            bank: BankId::new(bank),
            card: CardId::new(transfer.user_data_128),
            amount: amount_of(transfer)?,
        })
    };
    let new = match transfer.code {
        chart::TOP_UP => {
            top_up::new_operation(&movement(credit(chart::WALLET)?, debit(chart::BANK)?)?, transfer.timestamp)
        }
        chart::WITHDRAWAL => {
            let movement = movement(debit(chart::WALLET)?, credit(chart::BANK)?)?;
            withdrawal::new_operation(&movement, transfer.timestamp)
        }
        chart::TRANSFER => one_step(transfer, debit(chart::WALLET)?, credit(chart::WALLET)?)?,
        chart::PAYMENT => one_step(transfer, debit(chart::WALLET)?, credit(chart::MERCHANT)?)?,
        chart::REFUND => one_step(transfer, debit(chart::MERCHANT)?, credit(chart::WALLET)?)?,
        chart::ESCROW_PAYMENT => {
            escrow::paid_operation(transfer, debit(chart::WALLET)?, credit(chart::ESCROW)?)?
        }
        chart::ESCROW_RELEASE => escrow::released_operation(transfer, credit(chart::MERCHANT)?)?,
        chart::ESCROW_REFUND => {
            escrow::refunded_operation(transfer, debit(chart::ESCROW)?, credit(chart::WALLET)?)?
        }
        chart::VOUCHER_SALE => {
            let merchant = MerchantId::new(debit(chart::MERCHANT)?);
            let id = OperationId::new(transfer.id.0);
            vouchers::sale_operation(id, merchant, amount_of(transfer)?, transfer.timestamp)
        }
        chart::VOUCHER_REDEMPTION => {
            let holder = HolderId::new(credit(chart::WALLET)?);
            voucher_ended(transfer, debit(chart::VOUCHER)?, End::Redeemed(holder))?
        }
        chart::VOUCHER_RETURN => voucher_ended(transfer, debit(chart::VOUCHER)?, End::Returned)?,
        chart::TRANSFER_PURSE_LOAD => transfer_purse::loaded_operation(transfer, debit(chart::WALLET)?)?,
        chart::TRANSFER_PURSE_UNLOADED => {
            transfer_purse_visit::unloaded_operation(transfer, credit(chart::WALLET)?)?
        }
        chart::ADJUSTMENT => corrected(transfer, accounts)?,
        _ => return Err(FOREIGN),
    };
    let through_bank = matches!(new.kind, OperationKind::TopUp | OperationKind::Withdrawal);
    let state = match (through_bank, transfer.flags.contains(TransferFlags::PENDING)) {
        (true, _) => OperationState::Started,
        // A rule held it back; the review finds out whether somebody has decided since.
        (false, true) => OperationState::Held,
        (false, false) => OperationState::Completed,
    };
    Ok(Rebuilt { new, state })
}

/// A correction by hand: the party is on the side that is not suspense.
fn corrected(
    transfer: &Transfer,
    accounts: &HashMap<AccountId, Account>,
) -> Result<NewOperation, OperationError> {
    let amount = amount_of(transfer)?;
    let suspense = chart::suspense_id(amount.currency());
    let (direction, id) = if transfer.debit_account_id == suspense {
        (Direction::ToParty, transfer.credit_account_id)
    } else {
        (Direction::FromParty, transfer.debit_account_id)
    };
    let account = accounts.get(&id).ok_or(FOREIGN)?;
    let owner = account.user_data_128;
    let party = match account.code {
        chart::WALLET => Corrected::Holder(HolderId::new(owner)),
        chart::MERCHANT => Corrected::Merchant(MerchantId::new(owner)),
        chart::BANK => Corrected::Bank(BankId::new(owner)),
        _ => return Err(FOREIGN),
    };
    let operation = OperationId::new(transfer.id.0);
    Ok(approvals::new_operation(operation, (party, direction), amount, transfer.timestamp))
}

fn voucher_ended(transfer: &Transfer, merchant: u128, end: End) -> Result<NewOperation, OperationError> {
    let voucher = Voucher {
        id: VoucherId::new(transfer.user_data_128),
        merchant: MerchantId::new(merchant),
        amount: amount_of(transfer)?,
    };
    Ok(vouchers::end_operation(OperationId::new(transfer.id.0), &voucher, end, transfer.timestamp))
}

fn one_step(transfer: &Transfer, payer: u128, payee: u128) -> Result<NewOperation, OperationError> {
    let amount = amount_of(transfer)?;
    let parent = OperationId::new(transfer.user_data_128);
    let (kind, merchant, parent, fingerprint) = match transfer.code {
        chart::PAYMENT => {
            (OperationKind::Payment, Some(MerchantId::new(payee)), None, transfer.user_data_128)
        }
        chart::REFUND => (
            OperationKind::Refund,
            Some(MerchantId::new(payer)),
            Some(parent),
            refund::fingerprint(parent, amount).0,
        ),
        _ => (OperationKind::Transfer, None, None, transfer.user_data_128),
    };
    Ok(NewOperation {
        id: OperationId::new(transfer.id.0),
        kind,
        // A party is only its bits; the kind says whose they are.
        payer: Some(HolderId::new(payer).into()),
        payee: Some(HolderId::new(payee).into()),
        merchant,
        card: None,
        parent,
        amount,
        memo: String::new(),
        fingerprint,
        created_at: transfer.timestamp,
    })
}

/// Records what the ledger says of an id that the records have lost, in place of an open row that contradicts it: such
/// an intent was written after the loss.
pub(crate) async fn correct(operations: &Operations, id: OperationId) -> Result<(), OperationError> {
    let transfers = operations.ledger().lookup_transfers(vec![postings::decision_id(id)]).await?;
    let transfers: Vec<Transfer> = transfers.into_iter().filter(decides).collect();
    for Rebuilt { new, state } in from_ledger(operations, &transfers).await? {
        let written = operations.records().write(move |sql| {
            Ok(operations::insert_in_state(sql, &new, state, None)?
                || operations::replace_open(sql, &new, state)?)
        });
        written.await?;
    }
    Ok(())
}

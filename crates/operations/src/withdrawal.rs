//! Withdrawal: money from the holder's wallet to the account behind a bank card.

use bank::{OperationRef, Request};
use records::operations::{NewOperation, Operation, OperationKind};
use wallet::ids::PrincipalId;
use wallet::postings::{self, CardMovement};

use crate::cards::{self, CardRequest, Usable};
use crate::key::operation_id;
use crate::through_bank::{self, Steps};
use crate::{IdempotencyKey, OperationError, Operations, Receipt, directory, intent, limits, risk_desk};

/// Withdraws, or answers as before where the key was used before. A receipt in state unknown means that the bank has
/// not answered yet: [`crate::start_up_check::resume_open`] finds out.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn start(
    operations: &Operations,
    key: &IdempotencyKey,
    request: CardRequest,
) -> Result<Receipt, OperationError> {
    let id = operation_id(PrincipalId::from(request.holder), "withdrawal", key);
    let card = match check(operations, &request).await {
        Ok(card) => card,
        Err(rule) => {
            return intent::refuse(operations, id, cards::fingerprint(&request).0, rule).await;
        }
    };
    let movement = CardMovement {
        operation: id,
        holder: request.holder,
        bank: card.bank,
        card: card.id,
        amount: request.amount,
    };
    let steps = Steps {
        reservation: postings::withdrawal_requested(&movement),
        spender: Some(request.holder),
        bank: card.bank,
        request: Request::PayOut {
            operation: OperationRef(id.bits()),
            token: card.token,
            amount: request.amount,
        },
    };
    let new = new_operation(&movement, operations.now());
    let receipt = through_bank::run(operations, new, steps).await?;
    cards::note(operations, &card, &receipt);
    Ok(receipt)
}

async fn check(operations: &Operations, request: &CardRequest) -> Result<Usable, OperationError> {
    operations.policy().check_amount(request.amount)?;
    directory::spender(operations, request.holder, request.amount.currency()).await?;
    if risk_desk::lists_card(operations, request.card) {
        return Err(OperationError::DeclinedByRule);
    }
    limits::check_single(operations, request.holder, request.amount).await?;
    cards::usable(operations, request.holder, request.card).await
}

/// The record of a withdrawal.
pub(crate) fn new_operation(movement: &CardMovement, created_at: ledger::Timestamp) -> NewOperation {
    let request = CardRequest { holder: movement.holder, card: movement.card, amount: movement.amount };
    NewOperation {
        id: movement.operation,
        kind: OperationKind::Withdrawal,
        payer: Some(movement.holder.into()),
        payee: Some(movement.bank.into()),
        merchant: None,
        card: Some(movement.card),
        parent: None,
        amount: movement.amount,
        memo: String::new(),
        fingerprint: cards::fingerprint(&request).0,
        created_at,
    }
}

/// Ends an interrupted withdrawal by what ledger and bank say. `None`: it is under way on this server.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Option<Receipt>, OperationError> {
    let bank = row.payee.ok_or(OperationError::Inconsistent("withdrawal without a bank"))?.bank();
    through_bank::resume(operations, row, bank).await
}

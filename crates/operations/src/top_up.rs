//! Top-up: money from a bank card into the holder's wallet.

use bank::{OperationRef, Request};
use records::operations::{NewOperation, Operation, OperationKind};
use wallet::ids::{OperationId, PrincipalId};
use wallet::postings::{self, CardMovement};

use crate::cards::{self, CardRequest, Usable};
use crate::key::operation_id;
use crate::through_bank::{self, Steps};
use crate::{IdempotencyKey, OperationError, Operations, Party, Receipt, directory, intent, risk_desk};

/// Tops up, or answers as before where the key was used before. A receipt in state unknown means that the bank has not
/// answered yet: [`crate::start_up_check::resume_open`] finds out.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn start(
    operations: &Operations,
    key: &IdempotencyKey,
    request: CardRequest,
) -> Result<Receipt, OperationError> {
    let id = operation_id(PrincipalId::from(request.holder), "top_up", key);
    carry_out(operations, id, request).await
}

/// Tops up under this id.
pub(crate) async fn carry_out(
    operations: &Operations,
    id: OperationId,
    request: CardRequest,
) -> Result<Receipt, OperationError> {
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
        reservation: postings::top_up_requested(&movement),
        spender: None,
        bank: card.bank,
        request: Request::Charge {
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
    let holder = directory::holder(operations, request.holder).await?;
    let holder = holder.ok_or(OperationError::NotFound(Party::Holder))?;
    holder.may_top_up(request.amount.currency())?;
    if risk_desk::lists_card(operations, request.card) {
        return Err(OperationError::DeclinedByRule);
    }
    cards::usable(operations, request.holder, request.card).await
}

/// The record of a top-up.
pub(crate) fn new_operation(movement: &CardMovement, created_at: ledger::Timestamp) -> NewOperation {
    let request = CardRequest { holder: movement.holder, card: movement.card, amount: movement.amount };
    NewOperation {
        id: movement.operation,
        kind: OperationKind::TopUp,
        payer: Some(movement.bank.into()),
        payee: Some(movement.holder.into()),
        merchant: None,
        card: Some(movement.card),
        parent: None,
        amount: movement.amount,
        memo: String::new(),
        fingerprint: cards::fingerprint(&request).0,
        created_at,
    }
}

/// Ends an interrupted top-up by what ledger and bank say. `None`: it is under way on this server.
///
/// # Errors
/// What could not be reached.
pub async fn resume(operations: &Operations, row: &Operation) -> Result<Option<Receipt>, OperationError> {
    let bank = row.payer.ok_or(OperationError::Inconsistent("top-up without a bank"))?.bank();
    through_bank::resume(operations, row, bank).await
}

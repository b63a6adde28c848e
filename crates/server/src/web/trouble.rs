//! Broken rules as words beside fields; and requests that wait for their own twin.

use std::future::Future;
use std::time::Duration;

use bank::Decline;
use operations::{OperationError, Party, Port, Receipt};
use pages::form::{Problem, Trouble};

/// How often and how long a request waits for another one with the same key.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// What is wrong with the form that asked for the operation, where it is something the visitor can mend.
pub(super) fn problem_of(error: OperationError) -> Option<Problem> {
    let (field, trouble) = match error {
        OperationError::AmountZero => ("amount", Trouble::Zero),
        OperationError::AmountTooLarge { .. } => ("amount", Trouble::TooLarge),
        OperationError::CurrencyNotSupported => ("amount", Trouble::Refused),
        OperationError::NotFound(Party::Payee) | OperationError::NotActive(Party::Payee) => {
            ("payee", Trouble::PayeeUnknown)
        }
        OperationError::NotFound(Party::Card) => ("card", Trouble::NoCard),
        OperationError::NotActive(Party::Card) => ("card", Trouble::CardDeclined),
        OperationError::NotFound(Party::Merchant) | OperationError::NotActive(Party::Merchant) => {
            ("amount", Trouble::MerchantUnknown)
        }
        OperationError::NoWallet(Party::Payee) => ("payee", Trouble::PayeeHasNoWallet),
        OperationError::PayeeIsPayer => ("payee", Trouble::PayeeIsSelf),
        OperationError::NameCheckFailed => ("payee", Trouble::NameChanged),
        OperationError::NotRefundable => ("amount", Trouble::OverRefund),
        OperationError::TextLength { field } => of_text(field),
        OperationError::Taken { field: "phone" } => ("phone", Trouble::PhoneTaken),
        OperationError::Taken { .. } => ("login", Trouble::LoginTaken),
        OperationError::CardRefused(Decline::UnknownCard) => ("number", Trouble::CardUnknown),
        OperationError::CardRefused(Decline::CardExpired) => ("expiry", Trouble::CardExpired),
        OperationError::CardRefused(_) => ("number", Trouble::CardDeclined),
        OperationError::KeyReused => ("amount", Trouble::KeyReused),
        OperationError::Unavailable(Port::Bank) => ("card", Trouble::BankUnavailable),
        OperationError::NotFound(_) | OperationError::Inconsistent(_) | OperationError::Unavailable(_) => {
            return None;
        }
        OperationError::NotActive(_) | OperationError::NoWallet(_) | OperationError::KeyInProgress => {
            ("amount", Trouble::Refused)
        }
    };
    Some(Problem { field, trouble })
}

/// The longest memo, in characters.
const MEMO_MAX: u16 = 140;
/// The longest name, in characters.
const NAME_MAX: u16 = 80;

fn of_text(field: &'static str) -> (&'static str, Trouble) {
    match field {
        "login" => ("login", Trouble::LoginForm),
        "phone" => ("phone", Trouble::PhoneForm),
        "name" | "latin_name" => ("display_name", Trouble::TooLong(NAME_MAX)),
        "holder_name" => ("holder_name", Trouble::TooLong(NAME_MAX)),
        _ => ("memo", Trouble::TooLong(MEMO_MAX)),
    }
}

/// Carries out a request, and waits while another one with the same key is being carried out, as after a double click:
/// both then get the same answer.
pub(super) async fn settled<F, A>(mut attempt: F) -> Result<Receipt, OperationError>
where
    F: FnMut() -> A,
    A: Future<Output = Result<Receipt, OperationError>>,
{
    for _ in 0..TRIES {
        match attempt().await {
            Err(OperationError::KeyInProgress) => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
    Err(OperationError::KeyInProgress)
}

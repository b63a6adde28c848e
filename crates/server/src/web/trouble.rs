//! Broken rules as words beside fields; and requests that wait for their own twin.

use std::future::Future;
use std::time::Duration;

use bank::Decline;
use operations::card_purses::CardPurseRefusal;
use operations::reconciliation::BadFile;
use operations::{CodeRefusal, OperationError, Party, Port, VaultRefusal};
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
        OperationError::StatementRefused(why) => ("file", statement_trouble(why)),
        OperationError::Taken { field: "phone" } => ("phone", Trouble::PhoneTaken),
        OperationError::Taken { field: "id" } => ("id", Trouble::TerminalTaken),
        OperationError::Taken { .. } => ("login", Trouble::LoginTaken),
        OperationError::StepUpRequired => ("pin", Trouble::Refused),
        OperationError::NotSecured { .. } => ("amount", Trouble::NotSecured),
        OperationError::CardRefused(Decline::UnknownCard) => ("number", Trouble::CardUnknown),
        OperationError::CardRefused(Decline::CardExpired) => ("expiry", Trouble::CardExpired),
        OperationError::CardRefused(_) => ("number", Trouble::CardDeclined),
        OperationError::CodeRefused(refusal) => ("code", code_trouble(refusal)),
        OperationError::Vault(refusal) => vault_trouble(refusal)?,
        OperationError::AlreadyPaid => ("code", Trouble::CodePaid),
        OperationError::OrderEnded => ("amount", Trouble::OrderEnded),
        OperationError::NotInEscrow => ("amount", Trouble::NotInEscrow),
        OperationError::NotFound(Party::Voucher) => ("code", Trouble::VoucherUnknown),
        OperationError::VoucherEnded => ("code", Trouble::VoucherEnded),
        OperationError::ShareRefused => ("share", Trouble::ShareRefused),
        OperationError::CustodiansWanted => ("first", Trouble::Custodians),
        OperationError::ReturnUrlNotRegistered => ("return_url", Trouble::OriginUnknown),
        OperationError::OutOfRange { field } => (field, Trouble::Refused),
        OperationError::OverSingleLimit { .. } => ("amount", Trouble::OverSingleLimit),
        OperationError::OverDailyLimit { .. } => ("amount", Trouble::OverDailyLimit),
        OperationError::SpendingStopped => ("amount", Trouble::SpendingStopped),
        OperationError::NotOpen => ("amount", Trouble::NotOpen),
        OperationError::KeyReused => ("amount", Trouble::KeyReused),
        OperationError::DeclinedByRule | OperationError::HeldForReview => ("amount", Trouble::DeclinedByRule),
        OperationError::NotPermitted => ("reason", Trouble::NotPermitted),
        OperationError::SamePerson => ("reason", Trouble::SamePerson),
        OperationError::DecidedBefore => ("reason", Trouble::DecidedBefore),
        OperationError::Unavailable(Port::Bank) => ("card", Trouble::BankUnavailable),
        OperationError::CardPurse(refusal) => purse_trouble(refusal),
        OperationError::NotFound(_) | OperationError::Inconsistent(_) | OperationError::Unavailable(_) => {
            return None;
        }
        OperationError::NotActive(_) | OperationError::NoWallet(_) | OperationError::KeyInProgress => {
            ("amount", Trouble::Refused)
        }
    };
    Some(Problem { field, trouble })
}

fn vault_trouble(refusal: VaultRefusal) -> Option<(&'static str, Trouble)> {
    Some(match refusal {
        VaultRefusal::WrongPin => ("pin", Trouble::VaultWrongPin),
        VaultRefusal::WeakPin => ("pin", Trouble::VaultWeakPin),
        VaultRefusal::Throttled { seconds } => {
            ("pin", Trouble::Throttled(u32::try_from(seconds).unwrap_or(u32::MAX)))
        }
        VaultRefusal::WrongResetCode => ("reset_code", Trouble::VaultWrongResetCode),
        VaultRefusal::Exists => ("pin", Trouble::VaultExists),
        VaultRefusal::Changed => ("name", Trouble::VaultChanged),
        VaultRefusal::Full => ("name", Trouble::VaultFull),
        VaultRefusal::Missing | VaultRefusal::Locked | VaultRefusal::NoItem => return None,
    })
}

const fn purse_trouble(refusal: CardPurseRefusal) -> (&'static str, Trouble) {
    use CardPurseRefusal as R;
    match refusal {
        R::CodeWrong | R::BoundBefore => ("code", Trouble::PurseUnknown),
        R::CardNotServed => ("amount", Trouble::PurseNotServed),
        R::Amount => ("amount", Trouble::TooLarge),
        R::InsufficientFunds => ("amount", Trouble::InsufficientFunds(None)),
        R::OrderGone => ("amount", Trouble::LoadOrderGone),
        R::NoKeyOpen | R::NoKey => ("label", Trouble::NoCardKey),
        R::NotListed | R::WindowOpen | R::RefundedBefore | R::Excess | R::NothingLeft => {
            ("status", Trouble::NoPurseRefund)
        }
        _ => ("amount", Trouble::Refused),
    }
}

fn statement_trouble(why: BadFile) -> Trouble {
    match why {
        BadFile::Line(line) => Trouble::StatementLine(u32::try_from(line).unwrap_or(u32::MAX)),
        BadFile::TooLong => Trouble::FileTooLarge,
    }
}

const fn code_trouble(refusal: CodeRefusal) -> Trouble {
    match refusal {
        CodeRefusal::NotACode => Trouble::CodeUnknown,
        CodeRefusal::Damaged => Trouble::CodeDamaged,
        CodeRefusal::Foreign => Trouble::CodeForeign,
        CodeRefusal::Forged => Trouble::CodeForged,
        CodeRefusal::Expired => Trouble::CodeExpired,
        CodeRefusal::Used => Trouble::CodeUsed,
        CodeRefusal::OverLimit { .. } => Trouble::CodeOverLimit,
        CodeRefusal::NotConfirmed => Trouble::CodeNotConfirmed,
        CodeRefusal::Rejected => Trouble::CodeRejected,
        CodeRefusal::NothingSeen => Trouble::CodeNotSeen,
    }
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
pub(super) async fn settled<T, F, A>(mut attempt: F) -> Result<T, OperationError>
where
    F: FnMut() -> A,
    A: Future<Output = Result<T, OperationError>>,
{
    for _ in 0..TRIES {
        match attempt().await {
            Err(OperationError::KeyInProgress) => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
    Err(OperationError::KeyInProgress)
}

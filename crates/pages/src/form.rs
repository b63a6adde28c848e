//! Forms in the manner of GOV.UK: a summary of what is wrong on top, each message again beside its field, and the
//! reader's input kept.

use maud::{Markup, html};
use money::Amount;

use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};

/// What is wrong with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The field is empty.
    Missing,
    /// The amount is not a plain decimal number.
    NotANumber,
    /// The amount has more decimals than the currency, which has this many.
    TooManyDecimals(u8),
    /// The amount is beyond what the system can hold.
    TooLarge,
    /// The amount is nothing.
    Zero,
    /// The wallet holds less; this much is available, where known.
    InsufficientFunds(Option<Amount>),
    /// The bank said no.
    CardDeclined,
    /// The bank could not be reached.
    BankUnavailable,
    /// No card was chosen, or it is not the holder's.
    NoCard,
    /// No holder has that user name or phone number.
    PayeeUnknown,
    /// The payee's name changed since it was confirmed.
    NameChanged,
    /// The payee is the payer.
    PayeeIsSelf,
    /// The payee has no wallet in that currency.
    PayeeHasNoWallet,
    /// No such merchant, or it does not take that currency.
    MerchantUnknown,
    /// The user name is taken.
    LoginTaken,
    /// The phone number is taken.
    PhoneTaken,
    /// The user name has a wrong form.
    LoginForm,
    /// The phone number has a wrong form.
    PhoneForm,
    /// The password is shorter than this many characters.
    PasswordTooShort(u8),
    /// The password is one that everybody tries first.
    PasswordKnown,
    /// User name and password do not belong together.
    WrongPassword,
    /// Too many tries; wait this many seconds.
    Throttled(u32),
    /// The card number fails its check digit.
    CardNumber,
    /// The expiry is not a month and year.
    Expiry,
    /// The card has expired.
    CardExpired,
    /// The bank does not know the card, or not under that name.
    CardUnknown,
    /// More than what is left to refund.
    OverRefund,
    /// The order was paid, has expired, or was cancelled.
    OrderEnded,
    /// Nothing waits in escrow, or a dispute holds it.
    NotInEscrow,
    /// No voucher has this code.
    VoucherUnknown,
    /// The voucher was redeemed or taken back.
    VoucherEnded,
    /// What was typed is not the share that this custodian was given.
    ShareRefused,
    /// Not three different people.
    Custodians,
    /// The address is not on a registered origin.
    OriginUnknown,
    /// The merchant has used the reference.
    ReferenceTaken,
    /// More than the holder's own limit for one operation.
    OverSingleLimit,
    /// More than what is left of the holder's own limit for today.
    OverDailyLimit,
    /// The holder has stopped all spending.
    SpendingStopped,
    /// It has been paid, declined or withdrawn, or its time is over.
    NotOpen,
    /// Somebody is named twice, or nobody.
    People,
    /// Another request used this form's key.
    KeyReused,
    /// The text is longer than this many characters.
    TooLong(u16),
    /// The text is no code to pay by.
    CodeUnknown,
    /// The code's checksum is wrong.
    CodeDamaged,
    /// The code belongs to another payment system.
    CodeForeign,
    /// The code is not signed by this operator.
    CodeForged,
    /// The code's time is over.
    CodeExpired,
    /// The code was used before.
    CodeUsed,
    /// The amount is above what the code allows.
    CodeOverLimit,
    /// The payer has yet to confirm on their own device.
    CodeNotConfirmed,
    /// The payer said no.
    CodeRejected,
    /// The picture shows no code.
    CodeNotSeen,
    /// The order was paid before.
    CodePaid,
    /// A rule of risk does not allow it.
    DeclinedByRule,
    /// The visitor's duties do not cover this.
    NotPermitted,
    /// Who asked for it may not approve it.
    SamePerson,
    /// It was decided before, or its time is over.
    DecidedBefore,
    /// Nobody and nothing has that name.
    SubjectUnknown,
    /// The text is not of the form that the field says.
    Unreadable,
    /// This line of a bank's statement is not of the documented form.
    StatementLine(u32),
    /// The file is larger than what is taken at once.
    FileTooLarge,
    /// The file is not UTF-8 text.
    NotText,
    /// Without a payment PIN or passkey not so much may be spent at once.
    NotSecured,
    /// The payment PIN is not six digits.
    PinForm,
    /// The payment PIN is one that everybody tries first.
    PinKnown,
    /// The payment PIN is not the right one.
    WrongPin,
    /// The password of the visitor is not the right one.
    WrongOwnPassword,
    /// The one-time password or recovery code is wrong or was used before.
    WrongCode,
    /// The passkey proved nothing.
    PasskeyFailed,
    /// The vault's PIN is wrong.
    VaultWrongPin,
    /// The vault's PIN is too short or too easy to guess.
    VaultWeakPin,
    /// The reset code is wrong.
    VaultWrongResetCode,
    /// There is a vault already.
    VaultExists,
    /// The item was changed elsewhere.
    VaultChanged,
    /// The vault is full.
    VaultFull,
    /// The field of the item is too long.
    VaultField,
    /// The two PINs are not the same.
    VaultPinsDiffer,
    /// The passkey computes nothing that could open a vault, or something else than before.
    VaultPasskey,
    /// No card was chosen for the set.
    VaultNoCards,
    /// A card number does not have twenty digits.
    PurseNumber,
    /// Card number and activation code do not belong together, or the card is somebody's already.
    PurseUnknown,
    /// The card is listed or closed.
    PurseNotServed,
    /// The order was begun, withdrawn or done before.
    LoadOrderGone,
    /// No master key for cards is open.
    NoCardKey,
    /// The clearing window of the card is not over, or nothing of it is to be given back.
    NoPurseRefund,
    /// A terminal has this number.
    TerminalTaken,
    /// The rule that broke has no words of its own.
    Refused,
}

impl Trouble {
    pub(crate) fn words(self, frame: &Frame) -> String {
        match self {
            Self::TooManyDecimals(most) => {
                frame.fill("trouble-too-many-decimals", &[("most", &most.to_string())])
            }
            Self::InsufficientFunds(Some(left)) => {
                frame.fill("trouble-insufficient-funds", &[("available", &figures::text(left))])
            }
            Self::PasswordTooShort(least) => {
                frame.fill("trouble-password-too-short", &[("least", &least.to_string())])
            }
            Self::Throttled(seconds) => frame.fill("trouble-throttled", &[("seconds", &seconds.to_string())]),
            Self::StatementLine(line) => frame.fill("trouble-statement-line", &[("line", &line.to_string())]),
            Self::TooLong(most) => frame.fill("trouble-too-long", &[("most", &most.to_string())]),
            fixed => frame.t(fixed.key()).to_owned(),
        }
    }

    /// The key of the messages without values.
    const fn key(self) -> &'static str {
        match self {
            Self::Missing => "trouble-missing",
            Self::NotANumber => "trouble-not-a-number",
            Self::TooLarge => "trouble-too-large",
            Self::Zero => "trouble-zero",
            Self::InsufficientFunds(_) => "trouble-insufficient-funds-short",
            Self::CardDeclined => "trouble-card-declined",
            Self::BankUnavailable => "trouble-bank-unavailable",
            Self::NoCard => "trouble-no-card",
            Self::PayeeUnknown => "trouble-payee-unknown",
            Self::NameChanged => "trouble-name-changed",
            Self::PayeeIsSelf => "trouble-payee-is-self",
            Self::PayeeHasNoWallet => "trouble-payee-has-no-wallet",
            Self::MerchantUnknown => "trouble-merchant-unknown",
            Self::LoginTaken => "trouble-login-taken",
            Self::PhoneTaken => "trouble-phone-taken",
            Self::LoginForm => "trouble-login-form",
            Self::PhoneForm => "trouble-phone-form",
            Self::PasswordKnown => "trouble-password-known",
            Self::WrongPassword => "trouble-wrong-password",
            Self::CardNumber => "trouble-card-number",
            Self::Expiry => "trouble-expiry",
            Self::CardExpired => "trouble-card-expired",
            Self::CardUnknown => "trouble-card-unknown",
            Self::OverRefund => "trouble-over-refund",
            Self::OrderEnded => "trouble-order-ended",
            Self::NotInEscrow => "trouble-not-in-escrow",
            Self::VoucherUnknown => "trouble-voucher-unknown",
            Self::VoucherEnded => "trouble-voucher-ended",
            Self::ShareRefused => "trouble-share-refused",
            Self::Custodians => "trouble-custodians",
            Self::OriginUnknown => "trouble-origin-unknown",
            Self::ReferenceTaken => "trouble-reference-taken",
            Self::OverSingleLimit => "trouble-over-single-limit",
            Self::OverDailyLimit => "trouble-over-daily-limit",
            Self::SpendingStopped => "trouble-spending-stopped",
            Self::NotOpen => "trouble-not-open",
            Self::People => "trouble-people",
            Self::KeyReused => "trouble-key-reused",
            Self::NotSecured => "trouble-not-secured",
            Self::PinForm => "trouble-pin-form",
            Self::PinKnown => "trouble-pin-known",
            Self::WrongPin => "trouble-wrong-pin",
            Self::WrongOwnPassword => "trouble-wrong-own-password",
            Self::WrongCode => "trouble-wrong-code",
            Self::PasskeyFailed => "trouble-passkey-failed",
            Self::DeclinedByRule => "trouble-declined-by-rule",
            Self::NotPermitted => "trouble-not-permitted",
            Self::SamePerson => "trouble-same-person",
            Self::DecidedBefore => "trouble-decided-before",
            Self::Unreadable => "trouble-unreadable",
            Self::SubjectUnknown => "trouble-subject-unknown",
            Self::FileTooLarge => "trouble-file-too-large",
            Self::NotText => "trouble-not-text",
            other => other.key_of_codes_vault_and_purses(),
        }
    }

    /// [`Trouble::key`] of what goes wrong with payment codes, vaults and card purses.
    const fn key_of_codes_vault_and_purses(self) -> &'static str {
        match self {
            Self::CodeUnknown => "trouble-code-unknown",
            Self::CodeDamaged => "trouble-code-damaged",
            Self::CodeForeign => "trouble-code-foreign",
            Self::CodeForged => "trouble-code-forged",
            Self::CodeExpired => "trouble-code-expired",
            Self::CodeUsed => "trouble-code-used",
            Self::CodeOverLimit => "trouble-code-over-limit",
            Self::CodeNotConfirmed => "trouble-code-not-confirmed",
            Self::CodeRejected => "trouble-code-rejected",
            Self::CodeNotSeen => "trouble-code-not-seen",
            Self::CodePaid => "trouble-code-paid",
            Self::VaultWrongPin => "trouble-vault-wrong-pin",
            Self::VaultWeakPin => "trouble-vault-weak-pin",
            Self::VaultWrongResetCode => "trouble-vault-wrong-reset-code",
            Self::VaultExists => "trouble-vault-exists",
            Self::VaultChanged => "trouble-vault-changed",
            Self::VaultFull => "trouble-vault-full",
            Self::VaultField => "trouble-vault-field",
            Self::VaultPinsDiffer => "trouble-vault-pins-differ",
            Self::VaultPasskey => "trouble-vault-passkey",
            Self::VaultNoCards => "trouble-vault-no-cards",
            Self::PurseNumber => "trouble-purse-number",
            Self::PurseUnknown => "trouble-purse-unknown",
            Self::PurseNotServed => "trouble-purse-not-served",
            Self::LoadOrderGone => "trouble-load-order-gone",
            Self::NoCardKey => "trouble-no-card-key",
            Self::NoPurseRefund => "trouble-no-purse-refund",
            Self::TerminalTaken => "trouble-terminal-taken",
            _ => "trouble-refused",
        }
    }
}

/// Something wrong with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The name of the field.
    pub field: &'static str,
    /// What is wrong with it.
    pub trouble: Trouble,
}

/// A field of one line of text.
pub(crate) struct Field<'a> {
    pub(crate) name: &'static str,
    pub(crate) label: &'a str,
    pub(crate) hint: Option<&'a str>,
    pub(crate) value: &'a str,
    /// The `type`, `inputmode` and `autocomplete` of the input.
    pub(crate) input: Input,
    /// Shown before the input, such as the currency's sign.
    pub(crate) prefix: Option<&'a str>,
    pub(crate) optional: bool,
}

/// How an input behaves: keyboard of phones, and what browsers may fill in.
#[derive(Clone, Copy)]
pub(crate) enum Input {
    Text,
    Name,
    Login,
    /// A login that a passkey may fill in.
    LoginOrPasskey,
    /// Six digits that nobody should read over a shoulder.
    Pin,
    /// The PIN of a vault, which may be words, or a secret kept in one: browsers shall not keep it.
    VaultPin,
    /// A one-time password or recovery code.
    OneTimeCode,
    Phone,
    NewPassword,
    Password,
    Money,
    /// A count of things, years or hours.
    Count,
    CardNumber,
    CardExpiry,
    CardName,
}

impl Input {
    /// `type`, `inputmode`, `autocomplete`.
    const fn attributes(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Text => ("text", "text", "off"),
            Self::Name => ("text", "text", "name"),
            Self::Login => ("text", "text", "username"),
            Self::LoginOrPasskey => ("text", "text", "username webauthn"),
            Self::Pin => ("password", "numeric", "off"),
            Self::VaultPin => ("password", "text", "off"),
            Self::OneTimeCode => ("text", "text", "one-time-code"),
            Self::Phone => ("tel", "tel", "tel"),
            Self::NewPassword => ("password", "text", "new-password"),
            Self::Password => ("password", "text", "current-password"),
            Self::Money => ("text", "decimal", "off"),
            Self::Count => ("text", "numeric", "off"),
            Self::CardNumber => ("text", "numeric", "cc-number"),
            Self::CardExpiry => ("text", "numeric", "cc-exp"),
            Self::CardName => ("text", "text", "cc-name"),
        }
    }
}

/// The token every form of a logged-in viewer carries.
pub(crate) fn hidden(frame: &Frame) -> Markup {
    html! {
        @if let Some(form_token) = &frame.form_token { input type="hidden" name="form_token" value=(form_token); }
    }
}

/// A form that posts to `action`. `attempt` is the idempotency key of forms that move value: made by the server when it
/// renders the form, so that sending the same form twice moves value once.
pub(crate) fn form(frame: &Frame, action: &str, attempt: Option<&str>, body: Markup) -> Markup {
    html! {
        form.form method="post" action=(action) novalidate data-once[attempt.is_some()] {
            (hidden(frame))
            @if let Some(attempt) = attempt { input type="hidden" name="idempotency_key" value=(attempt); }
            (body)
        }
    }
}

/// What is wrong, on top of the page, each a link to its field.
pub(crate) fn error_summary(frame: &Frame, problems: &[Problem]) -> Markup {
    html! {
        @if !problems.is_empty() {
            div.error-summary role="alert" tabindex="-1" data-focus="" {
                h2 { (icon(Icon::Alert)) (frame.t("form-problem")) }
                ul {
                    @for problem in problems {
                        li { a href={ "#" (problem.field) } { (problem.trouble.words(frame)) } }
                    }
                }
            }
        }
    }
}

fn messages(frame: &Frame, problems: &[Problem], field: &'static str) -> Markup {
    html! {
        @for problem in problems.iter().filter(|problem| problem.field == field) {
            p.field-error id={ (field) "-error" } {
                span.visually-hidden { (frame.t("form-error")) }
                (problem.trouble.words(frame))
            }
        }
    }
}

fn described_by(field: &'static str, hint: bool, wrong: bool) -> Option<String> {
    match (hint, wrong) {
        (true, true) => Some(format!("{field}-hint {field}-error")),
        (true, false) => Some(format!("{field}-hint")),
        (false, true) => Some(format!("{field}-error")),
        (false, false) => None,
    }
}

/// A labelled input with its hint and messages.
pub(crate) fn field(frame: &Frame, problems: &[Problem], field: &Field<'_>) -> Markup {
    let wrong = problems.iter().any(|problem| problem.field == field.name);
    let (kind, mode, autocomplete) = field.input.attributes();
    let money = matches!(field.input, Input::Money);
    html! {
        div.field.field-wrong[wrong] {
            label for=(field.name) {
                (field.label)
                @if field.optional { " " span.muted { (frame.t("form-optional")) } }
            }
            @if let Some(hint) = field.hint { p.hint id={ (field.name) "-hint" } { (hint) } }
            (messages(frame, problems, field.name))
            div.input.input-money[money] {
                @if let Some(prefix) = field.prefix { span.prefix aria-hidden="true" { (prefix) } }
                input id=(field.name) name=(field.name) type=(kind) inputmode=(mode) autocomplete=(autocomplete)
                    value=(field.value) spellcheck="false" autocapitalize="none" required[!field.optional]
                    aria-invalid=[wrong.then_some("true")]
                    aria-describedby=[described_by(field.name, field.hint.is_some(), wrong)];
            }
        }
    }
}

/// A labelled file to choose from the visitor's device; `accept` as in HTML, `camera` where a phone may take a picture.
pub(crate) fn file(
    frame: &Frame,
    problems: &[Problem],
    (name, label, hint): (&'static str, &str, &str),
    accept: &str,
    camera: bool,
) -> Markup {
    let wrong = problems.iter().any(|problem| problem.field == name);
    html! {
        div.field.field-wrong[wrong] {
            label for=(name) { (label) }
            p.hint id={ (name) "-hint" } { (hint) }
            (messages(frame, problems, name))
            input.file id=(name) name=(name) type="file" accept=(accept) capture=[camera.then_some("environment")]
                aria-invalid=[wrong.then_some("true")] aria-describedby=[described_by(name, true, wrong)];
        }
    }
}

/// One of a select's options.
pub(crate) struct Choice<'a> {
    pub(crate) value: String,
    pub(crate) label: std::borrow::Cow<'a, str>,
}

/// A labelled select.
pub(crate) fn select(
    frame: &Frame,
    problems: &[Problem],
    (name, label): (&'static str, &str),
    chosen: &str,
    choices: &[Choice<'_>],
) -> Markup {
    let wrong = problems.iter().any(|problem| problem.field == name);
    html! {
        div.field.field-wrong[wrong] {
            label for=(name) { (label) }
            (messages(frame, problems, name))
            div.input.input-select {
                select id=(name) name=(name) aria-invalid=[wrong.then_some("true")]
                    aria-describedby=[described_by(name, false, wrong)] {
                    @for choice in choices {
                        option value=(choice.value) selected[choice.value == chosen] { (choice.label) }
                    }
                }
            }
        }
    }
}

/// The main button of a form.
pub(crate) fn submit(label: &str) -> Markup {
    html! { button.button.button-primary.button-wide type="submit" { (label) } }
}

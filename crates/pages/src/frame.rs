//! What every page knows besides its own content.

use ledger::Timestamp;

use crate::locale::Locale;

/// Light, dark, or what the reader's system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// What the reader's system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All three, in the order of the settings page.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word of cookies, forms and the `data-theme` attribute.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme with this [`Theme::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.code() == code)
    }
}

/// Who looks at the page: decides the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Nobody is logged in.
    Guest,
    /// A holder.
    Holder {
        /// The name to greet.
        name: String,
    },
    /// Staff of a merchant.
    Merchant {
        /// The name of the member of staff.
        name: String,
    },
    /// The operator.
    Operator {
        /// The name of the member of staff.
        name: String,
    },
    /// Whoever stands at a terminal for card purses, which knows nobody's name.
    Terminal,
}

/// Good news from the action that led to this page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A card was bound.
    CardBound,
    /// A card was removed.
    CardRemoved,
    /// A wallet in one more currency was opened.
    WalletOpened,
    /// The account was made.
    Registered,
    /// The session ended.
    LoggedOut,
    /// Settings were saved.
    Saved,
    /// A refund was made.
    Refunded,
    /// Something about getting in was changed.
    SecuritySaved,
    /// The account was closed.
    Closed,
    /// A card was frozen.
    CardFrozen,
    /// A card was unfrozen.
    CardUnfrozen,
    /// A request for money was made.
    Asked,
    /// An answer was given, and the other side was told.
    Told,
    /// All spending was stopped.
    Stopped,
    /// Spending is possible again.
    Released,
    /// A post is on the board.
    Posted,
    /// The limits hold now.
    LimitsSaved,
    /// What was raised will hold after a day.
    LimitsLater,
    /// A note was saved.
    NoteSaved,
    /// A decision was carried out.
    Decided,
    /// A second person was asked to approve.
    AskedForApproval,
    /// A voucher was taken back.
    VoucherReturned,
    /// A custodian has kept their share.
    ShareKept,
    /// A custodian has brought their share.
    ShareBrought,
    /// A master key is open.
    KeyOpened,
    /// A passkey opens the vault from now on.
    VaultPasskey,
    /// A card purse was bound.
    PurseBound,
    /// A load was ordered.
    LoadOrdered,
    /// A card was loaded to pay other cards.
    TransferPurseLoaded,
    /// A load order was withdrawn.
    LoadWithdrawn,
    /// The holder answered for a part of a sale.
    DueAnswered,
    /// A card purse was reported lost.
    PurseReported,
    /// A card is on the status list.
    CardListed,
}

impl Notice {
    const ALL: [Self; 33] = [
        Self::CardBound,
        Self::CardRemoved,
        Self::WalletOpened,
        Self::Registered,
        Self::LoggedOut,
        Self::Saved,
        Self::Refunded,
        Self::SecuritySaved,
        Self::Closed,
        Self::CardFrozen,
        Self::CardUnfrozen,
        Self::Asked,
        Self::Told,
        Self::Stopped,
        Self::Released,
        Self::Posted,
        Self::LimitsSaved,
        Self::LimitsLater,
        Self::NoteSaved,
        Self::Decided,
        Self::AskedForApproval,
        Self::VoucherReturned,
        Self::ShareKept,
        Self::ShareBrought,
        Self::KeyOpened,
        Self::VaultPasskey,
        Self::PurseBound,
        Self::LoadOrdered,
        Self::TransferPurseLoaded,
        Self::LoadWithdrawn,
        Self::DueAnswered,
        Self::PurseReported,
        Self::CardListed,
    ];

    /// The word that carries the notice through a redirect.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CardBound => "card-bound",
            Self::CardRemoved => "card-removed",
            Self::WalletOpened => "wallet-opened",
            Self::Registered => "registered",
            Self::LoggedOut => "logged-out",
            Self::Saved => "saved",
            Self::Refunded => "refunded",
            Self::SecuritySaved => "security-saved",
            Self::Closed => "closed",
            Self::NoteSaved => "note-saved",
            Self::Decided => "decided",
            Self::AskedForApproval => "asked-for-approval",
            Self::VoucherReturned => "voucher-returned",
            Self::ShareKept => "share-kept",
            Self::ShareBrought => "share-brought",
            Self::KeyOpened => "key-opened",
            Self::VaultPasskey => "vault-passkey",
            Self::PurseBound => "purse-bound",
            Self::LoadOrdered => "load-ordered",
            Self::TransferPurseLoaded => "transfer-purse-loaded",
            Self::LoadWithdrawn => "load-withdrawn",
            Self::DueAnswered => "due-answered",
            Self::PurseReported => "purse-reported",
            Self::CardListed => "card-listed",
            Self::LimitsLater => "limits-later",
            Self::LimitsSaved => "limits-saved",
            Self::Posted => "posted",
            Self::Released => "released",
            Self::Stopped => "stopped",
            Self::Told => "told",
            Self::Asked => "asked",
            Self::CardUnfrozen => "card-unfrozen",
            Self::CardFrozen => "card-frozen",
        }
    }

    /// The notice with this [`Notice::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.code() == code)
    }

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::CardBound => "notice-card-bound",
            Self::CardRemoved => "notice-card-removed",
            Self::WalletOpened => "notice-wallet-opened",
            Self::Registered => "notice-registered",
            Self::LoggedOut => "notice-logged-out",
            Self::Saved => "notice-saved",
            Self::Refunded => "notice-refunded",
            Self::SecuritySaved => "notice-security-saved",
            Self::Closed => "notice-closed",
            Self::NoteSaved => "notice-note-saved",
            Self::Decided => "notice-decided",
            Self::AskedForApproval => "notice-asked-for-approval",
            Self::VoucherReturned => "notice-voucher-returned",
            Self::ShareKept => "notice-share-kept",
            Self::ShareBrought => "notice-share-brought",
            Self::KeyOpened => "notice-key-opened",
            Self::VaultPasskey => "notice-vault-passkey",
            Self::PurseBound => "notice-purse-bound",
            Self::LoadOrdered => "notice-load-ordered",
            Self::TransferPurseLoaded => "notice-transfer-purse-loaded",
            Self::LoadWithdrawn => "notice-load-withdrawn",
            Self::DueAnswered => "notice-due-answered",
            Self::PurseReported => "notice-purse-reported",
            Self::CardListed => "notice-card-listed",
            Self::LimitsLater => "notice-limits-later",
            Self::LimitsSaved => "notice-limits-saved",
            Self::Posted => "notice-posted",
            Self::Released => "notice-released",
            Self::Stopped => "notice-stopped",
            Self::Told => "notice-told",
            Self::Asked => "notice-asked",
            Self::CardUnfrozen => "notice-card-unfrozen",
            Self::CardFrozen => "notice-card-frozen",
        }
    }
}

/// What every page knows besides its own content.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The language.
    pub locale: Locale,
    /// The theme.
    pub theme: Theme,
    /// Who looks.
    pub viewer: Viewer,
    /// Path and query of this page; the language and theme forms come back to it.
    pub path: String,
    /// The token every form of a logged-in viewer carries; nothing for guests.
    pub form_token: Option<String>,
    /// How many notifications the viewer has not read.
    pub unread: u64,
    /// Good news to show once.
    pub notice: Option<Notice>,
    /// After so many seconds without a sign of its owner the page is locked.
    pub lock_seconds: u32,
    /// The moment of rendering.
    pub now: Timestamp,
    /// Minutes east of UTC of the clock on the wall.
    pub utc_offset_minutes: i32,
}

impl Frame {
    pub(crate) fn t(&self, key: &'static str) -> &'static str {
        self.locale.text(key)
    }

    pub(crate) fn fill(&self, key: &'static str, values: &[(&str, &str)]) -> String {
        self.locale.fill(key, values)
    }
}

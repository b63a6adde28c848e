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
}

impl Notice {
    const ALL: [Self; 7] = [
        Self::CardBound,
        Self::CardRemoved,
        Self::WalletOpened,
        Self::Registered,
        Self::LoggedOut,
        Self::Saved,
        Self::Refunded,
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
    /// Good news to show once.
    pub notice: Option<Notice>,
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

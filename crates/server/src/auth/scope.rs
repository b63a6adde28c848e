//! What an API key may do: some scopes, or everything its owner may.
//!
//! Invariant: a key with scopes reaches only the routes that this module names; a route that is new is closed to it.

use axum::http::Method;

/// One thing that a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Read everything that its owner may read.
    Read,
    /// Pay.
    Payments,
    /// Give back.
    Refunds,
    /// Make, read and cancel orders.
    Orders,
    /// Manage webhook endpoints and their deliveries.
    Webhooks,
    /// Speak for the merchant's terminals of card purses.
    Terminals,
}

impl Scope {
    /// Every scope, in the order of pages.
    pub(crate) const ALL: [Self; 6] =
        [Self::Read, Self::Payments, Self::Refunds, Self::Orders, Self::Webhooks, Self::Terminals];

    /// The word of API, forms and records.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Payments => "payments",
            Self::Refunds => "refunds",
            Self::Orders => "orders",
            Self::Webhooks => "webhooks",
            Self::Terminals => "terminals",
        }
    }

    /// The scope with this [`Scope::code`].
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Payments => 2,
            Self::Refunds => 4,
            Self::Orders => 8,
            Self::Webhooks => 16,
            Self::Terminals => 32,
        }
    }
}

/// The scopes of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scopes {
    /// Everything the principal may do: sessions, and keys made without scopes.
    All,
    /// Only these, as bits.
    Only(u8),
}

impl Scopes {
    /// These scopes; none of them means all.
    pub(crate) fn of(scopes: &[Scope]) -> Self {
        if scopes.is_empty() {
            return Self::All;
        }
        Self::Only(scopes.iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// From the words of the records. An unknown word allows nothing.
    pub(crate) fn from_text(text: &str) -> Self {
        if text.is_empty() {
            return Self::All;
        }
        let known = text.split(' ').filter_map(Scope::from_code);
        Self::Only(known.fold(0, |bits, scope| bits | scope.bit()))
    }

    /// The words of the records, separated by spaces; empty for all.
    pub(crate) fn to_text(self) -> String {
        self.list().iter().map(|scope| scope.code()).collect::<Vec<_>>().join(" ")
    }

    /// The scopes; none where everything is allowed.
    pub(crate) fn list(self) -> Vec<Scope> {
        match self {
            Self::All => Vec::new(),
            Self::Only(bits) => Scope::ALL.into_iter().filter(|scope| bits & scope.bit() != 0).collect(),
        }
    }

    /// Whether a request may be made.
    pub(crate) fn allow(self, method: &Method, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(bits) => needed(method, path).iter().any(|scope| bits & scope.bit() != 0),
        }
    }
}

/// The scopes of which one is needed for a request.
fn needed(method: &Method, path: &str) -> &'static [Scope] {
    let is_read = method == Method::GET || method == Method::HEAD;
    let Some(route) = path.strip_prefix("/api/v1/") else { return &[] };
    let mut parts = route.split('/');
    match (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default(), is_read) {
        ("webhook-endpoints" | "webhook-deliveries", _, _) => &[Scope::Webhooks],
        ("terminals", _, _) => &[Scope::Terminals],
        ("orders", _, true) => &[Scope::Orders, Scope::Read],
        ("orders" | "payments", "refunds", false) => &[Scope::Refunds],
        ("orders", "payment", false) | ("payments", _, false) => &[Scope::Payments],
        ("orders" | "merchant-codes", _, false) => &[Scope::Orders],
        ("payer-codes" | "code-payments" | "scanned-codes", _, false) => &[Scope::Payments],
        ("api-keys" | "sessions", _, _) | (_, _, false) => &[],
        (_, _, true) => &[Scope::Read],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(scope: Scope, method: Method, path: &str) -> bool {
        Scopes::of(&[scope]).allow(&method, path)
    }

    #[test]
    fn a_scope_opens_its_own_routes_only() {
        let order = "/api/v1/orders/018f4f3c5b7e7a0c9d2e4b6a81c3d5f7";
        assert!(allows(Scope::Orders, Method::POST, "/api/v1/orders"));
        assert!(allows(Scope::Orders, Method::GET, order));
        assert!(allows(Scope::Orders, Method::POST, &format!("{order}/cancellation")));
        assert!(!allows(Scope::Orders, Method::POST, &format!("{order}/refunds")));
        assert!(!allows(Scope::Orders, Method::POST, &format!("{order}/payment")));
        assert!(allows(Scope::Refunds, Method::POST, "/api/v1/payments/1/refunds"));
        assert!(!allows(Scope::Refunds, Method::POST, "/api/v1/payments"));
        assert!(allows(Scope::Payments, Method::POST, "/api/v1/payments"));
        assert!(allows(Scope::Read, Method::GET, "/api/v1/operations"));
        assert!(!allows(Scope::Read, Method::POST, "/api/v1/orders"));
        assert!(!allows(Scope::Read, Method::GET, "/api/v1/webhook-endpoints"));
        assert!(allows(Scope::Terminals, Method::POST, "/api/v1/terminals/0000a1000001/batches"));
        assert!(allows(Scope::Terminals, Method::GET, "/api/v1/terminals/0000a1000001/lists/status"));
        assert!(!allows(Scope::Terminals, Method::GET, "/api/v1/operations"));
        assert!(!allows(Scope::Read, Method::GET, "/api/v1/terminals/0000a1000001/lists/status"));
    }

    #[test]
    fn a_key_with_scopes_makes_no_keys_and_opens_no_pages() {
        for scope in Scope::ALL {
            assert!(!allows(scope, Method::POST, "/api/v1/api-keys"));
            assert!(!allows(scope, Method::GET, "/merchant"));
            assert!(!allows(scope, Method::POST, "/api/v1/transfers"));
        }
        assert!(Scopes::All.allow(&Method::POST, "/api/v1/transfers"));
    }

    #[test]
    fn scopes_come_back_from_their_words() {
        let scopes = Scopes::of(&[Scope::Read, Scope::Webhooks]);
        assert_eq!(scopes.to_text(), "read webhooks");
        assert_eq!(Scopes::from_text("read webhooks"), scopes);
        assert_eq!(Scopes::from_text(""), Scopes::All);
        assert!(!Scopes::from_text("everything").allow(&Method::GET, "/api/v1/orders"));
    }
}

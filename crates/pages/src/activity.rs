//! Kinds and states of operations as pages show them.

/// What an operation does with money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From a bank card into a wallet.
    TopUp,
    /// From a wallet to a bank card.
    Withdrawal,
    /// From a wallet to another wallet.
    Transfer,
    /// From a wallet to a merchant.
    Payment,
    /// From a merchant back to the wallet that paid.
    Refund,
    /// From a wallet to the escrow of an order.
    EscrowPayment,
    /// From escrow to the merchant.
    EscrowRelease,
    /// From escrow back to the wallet that paid.
    EscrowRefund,
    /// From a merchant to a voucher.
    VoucherSale,
    /// From a voucher to a wallet.
    VoucherRedemption,
    /// From a voucher back to its merchant.
    VoucherReturn,
    /// From a wallet to a card purse.
    CardLoad,
    /// From a card purse to its holder's wallet.
    CardUnload,
    /// The rest of a lost card purse to its holder's wallet.
    CardRest,
    /// From a wallet, what it owed of a split sale.
    CardDue,
    /// Wallet to the part of a card purse that pays other cards.
    TransferPurseLoad,
    /// The part of a card that pays other cards to the wallet of its holder.
    TransferPurseUnload,
    /// From card purses to a merchant.
    CardTakings,
    /// From a merchant back to card purses.
    CardReturns,
    /// Corrected by hand.
    Adjustment,
}

impl Kind {
    /// Every kind, in the order of menus.
    pub const ALL: [Self; 20] = [
        Self::Payment,
        Self::Transfer,
        Self::TopUp,
        Self::Withdrawal,
        Self::Refund,
        Self::EscrowPayment,
        Self::EscrowRelease,
        Self::EscrowRefund,
        Self::VoucherRedemption,
        Self::VoucherSale,
        Self::VoucherReturn,
        Self::CardLoad,
        Self::CardUnload,
        Self::CardRest,
        Self::CardDue,
        Self::TransferPurseLoad,
        Self::TransferPurseUnload,
        Self::CardTakings,
        Self::CardReturns,
        Self::Adjustment,
    ];

    /// The word of URLs and forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TopUp => "top_up",
            Self::Withdrawal => "withdrawal",
            Self::Transfer => "transfer",
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::EscrowPayment => "escrow_payment",
            Self::EscrowRelease => "escrow_release",
            Self::EscrowRefund => "escrow_refund",
            Self::VoucherSale => "voucher_sale",
            Self::VoucherRedemption => "voucher_redemption",
            Self::VoucherReturn => "voucher_return",
            Self::CardLoad => "card_load",
            Self::CardUnload => "card_unload",
            Self::CardRest => "card_rest",
            Self::CardDue => "card_due",
            Self::TransferPurseLoad => "transfer_purse_load",
            Self::TransferPurseUnload => "transfer_purse_unload",
            Self::CardTakings => "card_takings",
            Self::CardReturns => "card_returns",
            Self::Adjustment => "adjustment",
        }
    }

    /// The kind with this [`Kind::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::TopUp => "kind-top-up",
            Self::Withdrawal => "kind-withdrawal",
            Self::Transfer => "kind-transfer",
            Self::Payment => "kind-payment",
            Self::Refund => "kind-refund",
            Self::EscrowPayment => "kind-escrow-payment",
            Self::EscrowRelease => "kind-escrow-release",
            Self::EscrowRefund => "kind-escrow-refund",
            Self::VoucherSale => "kind-voucher-sale",
            Self::VoucherRedemption => "kind-voucher-redemption",
            Self::VoucherReturn => "kind-voucher-return",
            Self::CardLoad => "kind-card-load",
            Self::CardUnload => "kind-card-unload",
            Self::CardRest => "kind-card-rest",
            Self::CardDue => "kind-card-due",
            Self::TransferPurseLoad => "kind-transfer-purse-load",
            Self::TransferPurseUnload => "kind-transfer-purse-unload",
            Self::CardTakings => "kind-card-takings",
            Self::CardReturns => "kind-card-returns",
            Self::Adjustment => "kind-adjustment",
        }
    }
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Under way.
    Started,
    /// Done.
    Completed,
    /// Refused; no money moved.
    Declined,
    /// Undone; the money is back.
    Reversed,
    /// The bank has not answered yet; the money is in suspense and accounted for.
    Unknown,
    /// Reserved; a person decides.
    Held,
}

impl State {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Started => "state-started",
            Self::Completed => "state-completed",
            Self::Declined => "state-declined",
            Self::Reversed => "state-reversed",
            Self::Unknown => "state-unknown",
            Self::Held => "state-held",
        }
    }

    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Started => "badge badge-info",
            Self::Completed => "badge badge-ok",
            Self::Declined => "badge badge-danger",
            Self::Reversed => "badge badge-muted",
            Self::Unknown | Self::Held => "badge badge-warn",
        }
    }
}

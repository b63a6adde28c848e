//! Pockets: value of one currency and series, with what the issuer allows it.

use super::pay_details::{Currency, PayDetails, Series, Side};
use crate::{
    amount::Amount,
    bytes::{Reader, Writer},
};

/// How many pockets a purse has.
pub const POCKETS: usize = 5;

/// What a pocket allows. The issuer changes it at a synchronisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PocketLimits {
    /// The most that the pocket may hold.
    pub balance_max: Amount,
    /// The most that one transfer may move.
    pub transfer_max: Amount,
    /// The most that may be sent between two synchronisations.
    pub sent_max: Amount,
    /// The most that may be received between two synchronisations.
    pub received_max: Amount,
}

impl PocketLimits {
    pub(super) const BYTES: usize = 16;
    /// No limit at all.
    pub const NONE: Self = Self {
        balance_max: Amount::MAX,
        transfer_max: Amount::MAX,
        sent_max: Amount::MAX,
        received_max: Amount::MAX,
    };

    /// Greatest balance 4 ‖ transfer 4 ‖ sent 4 ‖ received 4.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        self.write(&mut Writer::new(&mut bytes));
        bytes
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        for amount in [self.balance_max, self.transfer_max, self.sent_max, self.received_max] {
            body.put(&amount.to_bytes());
        }
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            balance_max: Amount::from_bytes(body.take()?),
            transfer_max: Amount::from_bytes(body.take()?),
            sent_max: Amount::from_bytes(body.take()?),
            received_max: Amount::from_bytes(body.take()?),
        })
    }
}

/// Value of one currency and series. A pocket of currency 0000 is not in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pocket {
    /// Its currency.
    pub currency: Currency,
    /// Its series.
    pub series: Series,
    /// What it holds.
    pub balance: Amount,
    /// What was sent since the last synchronisation.
    pub sent: Amount,
    /// What was received since the last synchronisation.
    pub received: Amount,
    /// What it allows.
    pub limits: PocketLimits,
}

impl Pocket {
    pub(super) const BYTES: usize = 16 + PocketLimits::BYTES;
    /// A pocket that is not in use.
    pub const UNUSED: Self = Self::empty(Currency([0; 2]), Series([0; 2]), PocketLimits::NONE);

    /// An empty pocket.
    #[must_use]
    pub const fn empty(currency: Currency, series: Series, limits: PocketLimits) -> Self {
        Self { currency, series, balance: Amount::ZERO, sent: Amount::ZERO, received: Amount::ZERO, limits }
    }

    /// Whether value of this currency and series belongs here.
    pub(super) fn holds(&self, currency: Currency, series: Series) -> bool {
        self.currency != Currency([0; 2]) && self.currency == currency && self.series == series
    }

    /// Whether the limits allow the transfer.
    pub(super) fn allows(&self, details: &PayDetails, side: Side) -> bool {
        let (moved, most) = match side {
            Side::From => (self.sent, self.limits.sent_max),
            Side::To => (self.received, self.limits.received_max),
        };
        let after = moved.checked_add(details.amount);
        details.amount <= self.limits.transfer_max && after.is_some_and(|after| after <= most)
    }

    /// The balance after a credit, `None` above the greatest.
    pub(super) fn after_credit(&self, amount: Amount) -> Option<Amount> {
        self.balance.checked_add(amount).filter(|after| *after <= self.limits.balance_max)
    }

    /// currency 2 ‖ series 2 ‖ balance 4 ‖ sent 4 ‖ received 4.
    pub(super) fn write_value(&self, body: &mut Writer<'_>) {
        body.put(&self.currency.0);
        body.put(&self.series.0);
        for amount in [self.balance, self.sent, self.received] {
            body.put(&amount.to_bytes());
        }
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        self.write_value(body);
        self.limits.write(body);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            currency: Currency(body.take()?),
            series: Series(body.take()?),
            balance: Amount::from_bytes(body.take()?),
            sent: Amount::from_bytes(body.take()?),
            received: Amount::from_bytes(body.take()?),
            limits: PocketLimits::read(body)?,
        })
    }
}

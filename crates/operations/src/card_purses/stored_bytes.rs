//! What stands in the byte columns of card purses: attempts online, movements, places, transfers. Numbers are big-endian.

use issuer::{
    card_rows::PlaceRow,
    key_store::{DebitTerms, Direction, KeyName, OnlineSession},
    online::{OnlineTransaction, Stage},
    purse_card::{Belief, Cancelling, CardIdentity, KnownDebit},
};
use ledger::{AccountId, Amount as Minor, Code, LedgerId, Transfer, TransferFlags, TransferId};
use purse::{
    amount::Amount,
    fields::{DateTime, Kind, Random, Sequence, TerminalId, TerminalTransaction, Terms},
    pboc::key::Algorithm,
};
use wallet::ids::OperationId;

/// Bytes that are read from their beginning.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    /// Each thing that `read` finds, up to the end.
    fn all<T>(mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut found = Vec::new();
        while !self.0.is_empty() {
            found.push(read(&mut self)?);
        }
        Some(found)
    }
}

const fn direction_byte(direction: Direction) -> u8 {
    match direction {
        Direction::Load => 0,
        Direction::Unload => 1,
    }
}

const fn direction(byte: u8) -> Option<Direction> {
    match byte {
        0 => Some(Direction::Load),
        1 => Some(Direction::Unload),
        _ => None,
    }
}

const STAGES: [Stage; 6] =
    [Stage::Begun, Stage::Ready, Stage::InDoubt, Stage::Done, Stage::NotDone, Stage::Declined];

fn stage_byte(stage: Stage) -> u8 {
    (0..).zip(STAGES).find(|(_, known)| *known == stage).map_or(u8::MAX, |(byte, _)| byte)
}

/// Attempts at loads and unloads.
pub(super) fn write_online(attempts: &[OnlineTransaction]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for attempt in attempts {
        let OnlineSession { direction, terms, old_balance, sequence, random } = attempt.session;
        bytes.extend(attempt.operation.to_bytes());
        bytes.extend([attempt.key.version, u8::from(attempt.key.algorithm == Algorithm::Sm4Own)]);
        bytes.extend([direction_byte(direction), stage_byte(attempt.stage)]);
        bytes.extend(terms.amount.to_bytes());
        bytes.extend(terms.terminal.0);
        bytes.extend(old_balance.to_bytes());
        bytes.extend(sequence.to_bytes());
        bytes.extend(random.0);
        bytes.extend(attempt.when.0);
    }
    bytes
}

/// What [`write_online`] wrote of a card.
pub(super) fn read_online(bytes: &[u8], identity: &CardIdentity) -> Option<Vec<OnlineTransaction>> {
    Reader(bytes).all(|bytes| {
        let operation = OperationId::from_bytes(bytes.take()?);
        let version = bytes.byte()?;
        let algorithm = match bytes.byte()? {
            0 => Algorithm::TripleDes,
            1 => Algorithm::Sm4Own,
            _ => return None,
        };
        let key = KeyName { algorithm, ..identity.key(version, 0) };
        let direction = direction(bytes.byte()?)?;
        let stage = *STAGES.get(usize::from(bytes.byte()?))?;
        let terms = Terms {
            amount: Amount::from_bytes(bytes.take()?),
            kind: direction.kind(),
            terminal: TerminalId(bytes.take()?),
        };
        let session = OnlineSession {
            direction,
            terms,
            old_balance: Amount::from_bytes(bytes.take()?),
            sequence: Sequence::from_bytes(bytes.take()?),
            random: Random(bytes.take()?),
        };
        Some(OnlineTransaction { operation, key, session, when: DateTime(bytes.take()?), stage })
    })
}

/// What went on and off online.
pub(super) fn write_moved(moved: &[(DateTime, Direction, Amount)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (when, direction, amount) in moved {
        bytes.extend(when.0);
        bytes.push(direction_byte(*direction));
        bytes.extend(amount.to_bytes());
    }
    bytes
}

/// What [`write_moved`] wrote.
pub(super) fn read_moved(bytes: &[u8]) -> Option<Vec<(DateTime, Direction, Amount)>> {
    Reader(bytes).all(|bytes| {
        let when = DateTime(bytes.take()?);
        Some((when, direction(bytes.byte()?)?, Amount::from_bytes(bytes.take()?)))
    })
}

fn put_debit(bytes: &mut Vec<u8>, known: &KnownDebit) {
    let DebitTerms { terms, transaction, when } = known.debit;
    bytes.extend(terms.amount.to_bytes());
    bytes.push(terms.kind.byte());
    bytes.extend(terms.terminal.0);
    bytes.extend(transaction.to_bytes());
    bytes.extend(when.0);
    bytes.extend(known.balance_before.to_bytes());
    bytes.extend(known.seller.0.to_be_bytes());
}

fn take_debit(bytes: &mut Reader<'_>) -> Option<KnownDebit> {
    let terms = Terms {
        amount: Amount::from_bytes(bytes.take()?),
        kind: Kind::from_byte(bytes.byte()?)?,
        terminal: TerminalId(bytes.take()?),
    };
    let transaction = TerminalTransaction::from_bytes(bytes.take()?);
    Some(KnownDebit {
        debit: DebitTerms { terms, transaction, when: DateTime(bytes.take()?) },
        balance_before: Amount::from_bytes(bytes.take()?),
        seller: AccountId(u128::from_be_bytes(bytes.take()?)),
    })
}

const BELIEFS: [Belief; 2] = [Belief::Proven, Belief::Inferred];
const CANCELLINGS: [Cancelling; 4] =
    [Cancelling::No, Cancelling::Asked, Cancelling::Done(Belief::Proven), Cancelling::Done(Belief::Inferred)];

fn place_of<T: PartialEq>(all: &[T], one: &T) -> u8 {
    (0..).zip(all).find(|(_, known)| *known == one).map_or(u8::MAX, |(byte, _)| byte)
}

/// What is known about a sequence: belief and cancelling of its debit or FF, taken, the debit, then those that are held.
pub(super) fn write_place(place: &PlaceRow) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(45);
    match &place.settled {
        Some((known, belief, cancelling)) => {
            bytes.extend([place_of(&BELIEFS, belief), place_of(&CANCELLINGS, cancelling)]);
            bytes.push(place.is_taken.into());
            put_debit(&mut bytes, known);
        }
        None => bytes.extend([u8::MAX, u8::MAX, place.is_taken.into()]),
    }
    place.held.iter().for_each(|known| put_debit(&mut bytes, known));
    bytes
}

/// What [`write_place`] wrote.
pub(super) fn read_place(sequence: Sequence, bytes: &[u8]) -> Option<PlaceRow> {
    let mut reader = Reader(bytes);
    let (belief, cancelling, taken) = (reader.byte()?, reader.byte()?, reader.byte()?);
    let settled = if belief == u8::MAX {
        None
    } else {
        let belief = *BELIEFS.get(usize::from(belief))?;
        let cancelling = *CANCELLINGS.get(usize::from(cancelling))?;
        Some((take_debit(&mut reader)?, belief, cancelling))
    };
    let held = reader.all(take_debit)?;
    Some(PlaceRow { sequence, settled, is_taken: taken == 1, held })
}

/// Transfers that are to be made.
pub(super) fn write_transfers(transfers: &[Transfer]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(transfers.len().saturating_mul(88));
    for transfer in transfers {
        bytes.extend(transfer.id.0.to_be_bytes());
        bytes.extend(transfer.debit_account_id.0.to_be_bytes());
        bytes.extend(transfer.credit_account_id.0.to_be_bytes());
        bytes.extend(u64::try_from(transfer.amount.0).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend(transfer.user_data_128.to_be_bytes());
        bytes.extend(transfer.user_data_64.to_be_bytes());
        bytes.extend(transfer.ledger.0.to_be_bytes());
        bytes.extend(transfer.code.0.to_be_bytes());
        bytes.extend(transfer.flags.0.to_be_bytes());
    }
    bytes
}

/// What [`write_transfers`] wrote.
pub(super) fn read_transfers(bytes: &[u8]) -> Option<Vec<Transfer>> {
    Reader(bytes).all(|bytes| {
        Some(Transfer {
            id: TransferId(u128::from_be_bytes(bytes.take()?)),
            debit_account_id: AccountId(u128::from_be_bytes(bytes.take()?)),
            credit_account_id: AccountId(u128::from_be_bytes(bytes.take()?)),
            amount: Minor(u64::from_be_bytes(bytes.take()?).into()),
            user_data_128: u128::from_be_bytes(bytes.take()?),
            user_data_64: u64::from_be_bytes(bytes.take()?),
            ledger: LedgerId(u32::from_be_bytes(bytes.take()?)),
            code: Code(u16::from_be_bytes(bytes.take()?)),
            flags: TransferFlags(u16::from_be_bytes(bytes.take()?)),
            ..Transfer::default()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debit(transaction: u32) -> KnownDebit {
        let terms = Terms { amount: Amount::new(300), kind: Kind::Purchase, terminal: TerminalId([1; 6]) };
        let transaction = TerminalTransaction(transaction);
        KnownDebit {
            debit: DebitTerms { terms, transaction, when: DateTime([0x20, 0x26, 0x11, 0x22, 9, 0, 0]) },
            balance_before: Amount::new(500),
            seller: AccountId(77),
        }
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for settled in [
            None,
            Some((debit(1), Belief::Proven, Cancelling::Asked)),
            Some((debit(1), Belief::Inferred, Cancelling::Done(Belief::Inferred))),
        ] {
            let place =
                PlaceRow { sequence: Sequence(9), settled, is_taken: true, held: vec![debit(2), debit(3)] };
            let bytes = write_place(&place);
            assert_eq!(read_place(Sequence(9), &bytes), Some(place));
            assert_eq!(read_place(Sequence(9), &bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn transfers_and_movements_are_read_as_they_were_written() {
        let transfer = Transfer {
            id: TransferId(1),
            debit_account_id: AccountId(2),
            credit_account_id: AccountId(3),
            amount: Minor(4),
            user_data_128: 5,
            user_data_64: 6,
            ledger: LedgerId(156),
            code: Code(74),
            flags: TransferFlags::LINKED,
            ..Transfer::default()
        };
        assert_eq!(read_transfers(&write_transfers(&[transfer, transfer])), Some(vec![transfer, transfer]));
        let moved = vec![(DateTime([1; 7]), Direction::Unload, Amount::new(8))];
        assert_eq!(read_moved(&write_moved(&moved)), Some(moved));
    }
}

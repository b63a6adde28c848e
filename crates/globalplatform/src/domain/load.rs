//! LOAD (GlobalPlatform 2.3.1, section 11.6): an opaque package in blocks. Its bytes are hashed and not kept.

use core::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Applications, Card, Entropy, Outcome, no_confirmation};
use crate::{
    aid::Aid,
    apdu::Command,
    registry::{Domain, Entry, EntryKind},
    status::StatusWord,
    tlv::{self, Reader, Tag},
};

/// Around the signature of a load file.
const DAP_BLOCK: Tag = Tag::known(0xE2);
const SIGNATURE: Tag = Tag::known(0xC3);
const DATA_BLOCK: Tag = Tag::known(0xC4);
/// P1 of the last block.
const LAST: u8 = 0x80;

/// A package on its way.
pub(super) struct Load {
    aid: Aid,
    domain: Domain,
    /// What INSTALL [for load] announced.
    announced: [u8; 32],
    signature: Option<[u8; 16]>,
    hash: Sha256,
    next_block: u8,
    /// How many bytes of the data block are still to come. `None` before its head.
    remaining: Option<usize>,
}

impl fmt::Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load")
            .field("aid", &self.aid)
            .field("next_block", &self.next_block)
            .finish_non_exhaustive()
    }
}

impl Load {
    pub(super) fn begin(aid: Aid, domain: Domain, announced: [u8; 32]) -> Self {
        Self { aid, domain, announced, signature: None, hash: Sha256::new(), next_block: 0, remaining: None }
    }

    /// Takes a block: in the first one perhaps the signature, then the head of the data block; then its bytes.
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), StatusWord> {
        let remaining = match self.remaining {
            Some(remaining) => remaining,
            None => self.take_head(&mut bytes)?,
        };
        self.remaining = Some(remaining.checked_sub(bytes.len()).ok_or(StatusWord::WRONG_DATA)?);
        self.hash.update(bytes);
        Ok(())
    }

    fn take_head(&mut self, bytes: &mut &[u8]) -> Result<usize, StatusWord> {
        let (mut tag, mut length, mut rest) = Reader::head(bytes).map_err(|_| StatusWord::WRONG_DATA)?;
        if tag == DAP_BLOCK {
            let (block, after) = rest.split_at_checked(length).ok_or(StatusWord::WRONG_DATA)?;
            let signature = tlv::find(block, SIGNATURE).map_err(|_| StatusWord::WRONG_DATA)?;
            let signature = signature.and_then(|signature| signature.try_into().ok());
            self.signature = Some(signature.ok_or(StatusWord::WRONG_DATA)?);
            (tag, length, rest) = Reader::head(after).map_err(|_| StatusWord::WRONG_DATA)?;
        }
        *bytes = rest;
        if tag == DATA_BLOCK { Ok(length) } else { Err(StatusWord::WRONG_DATA) }
    }
}

impl<A: Applications, E: Entropy> Card<'_, A, E> {
    /// One block of a package. After any refusal the package has to come anew, from INSTALL [for load] on.
    pub(super) fn load(&mut self, command: &Command<'_>) -> Outcome {
        let mut load = self.session.load.take().ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let is_last = match command.p1 {
            0x00 => false,
            LAST => true,
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        if command.p2 != load.next_block {
            return Err(StatusWord::WRONG_P1_P2);
        }
        load.take(command.data())?;
        if is_last {
            return self.finish_load(load);
        }
        load.next_block = load.next_block.checked_add(1).ok_or(StatusWord::NOT_ENOUGH_SPACE)?;
        self.session.load = Some(load);
        no_confirmation()
    }

    /// The whole package is there: its hash must be the announced one, and signed where the issuer has put a key for it.
    fn finish_load(&mut self, load: Load) -> Outcome {
        let digest: [u8; 32] = load.hash.finalize().into();
        if load.remaining != Some(0) || !bool::from(digest.ct_eq(&load.announced)) {
            return Err(StatusWord::WRONG_DATA);
        }
        match (self.registry.dap_key(), load.signature) {
            (None, None) => {}
            (Some(key), Some(signature)) if bool::from(key.cmac(&[&digest]).ct_eq(&signature)) => {}
            // Unsigned where a signature is needed, signed wrongly, or signed for a key that is not there.
            _ => return Err(StatusWord::SECURITY_STATUS),
        }
        let place = self.registry.free_place(&load.aid)?;
        let kind = EntryKind::LoadFile { digest };
        let entry = Entry { aid: load.aid, kind, domain: load.domain, load_file: place };
        self.registry.put(place, Some(entry));
        no_confirmation()
    }
}

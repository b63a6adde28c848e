//! What a card has of an applet that is being personalised: groupings come one by one, and the applet is made of all of them.

use std::fmt;

use globalplatform::{
    aid::Aid,
    domain::{Item, Value},
};
use purse::{ep, psam, vtp};

use super::{
    grouping::{Grouping, is_secret},
    purse::{self as purse_fields, PurseDraft, PurseItem},
    security_module::{self, ModuleDraft, ModuleItem},
    transfer::{self, TransferDraft, TransferItem},
};
use crate::kind::Module;

/// An applet that is being personalised.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a card has two of them, for as long as it is personalised")]
pub(crate) enum Draft {
    Purse(PurseDraft),
    Transfer(TransferDraft),
    SecurityModule(ModuleDraft),
}

/// What an applet keeps without power.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "made once, and moved once into its journal")]
pub(crate) enum Contents {
    Purse(ep::Contents),
    Transfer(vtp::Contents),
    SecurityModule(psam::ModuleContents),
}

/// Why no applet can be made of what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Something did not come.
    Missing(&'static str),
    /// A purse cannot be so.
    Purse(ep::PersonalisationError),
    /// Purse to purse cannot be so.
    Transfer(vtp::PersonalisationError),
    /// A security module's keys are too many, or two have the same purpose and version.
    ModuleKeys,
    /// What a record begins with does not fit the file of this short identifier.
    Record(u8),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "{what} is missing"),
            Self::Purse(error) => error.fmt(f),
            Self::Transfer(error) => error.fmt(f),
            Self::ModuleKeys => {
                f.write_str("keys are too many, two are the same, or one is for what no security module does")
            }
            Self::Record(sfi) => write!(f, "content does not fit the file {sfi:02X}"),
        }
    }
}

impl std::error::Error for Unfit {}

/// A grouping as it came to the card.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    dgi: u16,
    bytes: &'a [u8],
    came_as_secret: bool,
}

impl<'a> From<&'a Item<'_>> for Piece<'a> {
    fn from(item: &'a Item<'_>) -> Self {
        let (bytes, came_as_secret) = match &item.value {
            Value::Data(data) => (*data, false),
            Value::Key(key) => (key.expose(), true),
        };
        Self { dgi: item.dgi, bytes, came_as_secret }
    }
}

impl<'a> From<&'a Grouping> for Piece<'a> {
    fn from(grouping: &'a Grouping) -> Self {
        Self { dgi: grouping.dgi, bytes: &grouping.value, came_as_secret: grouping.is_secret() }
    }
}

/// One grouping, understood.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, for as long as a command takes")]
enum Understood {
    Purse(PurseItem),
    Transfer(TransferItem),
    SecurityModule(ModuleItem),
}

impl Draft {
    pub(crate) fn new(module: Module) -> Self {
        match module {
            Module::Purse => Self::Purse(PurseDraft::default()),
            Module::Transfer => Self::Transfer(TransferDraft::default()),
            Module::SecurityModule => Self::SecurityModule(ModuleDraft::default()),
        }
    }

    /// What a grouping says to this applet, if it is one of its own and travelled as it may.
    fn read(&self, piece: &Piece<'_>) -> Option<Understood> {
        if is_secret(piece.dgi) != piece.came_as_secret {
            return None;
        }
        match self {
            Self::Purse(_) => purse_fields::read(piece.dgi, piece.bytes).map(Understood::Purse),
            Self::Transfer(_) => transfer::read(piece.dgi, piece.bytes).map(Understood::Transfer),
            Self::SecurityModule(_) => {
                security_module::read(piece.dgi, piece.bytes).map(Understood::SecurityModule)
            }
        }
    }

    /// Whether a grouping is one of this applet, in the form it may travel in.
    pub(crate) fn accepts(&self, piece: &Piece<'_>) -> bool {
        self.read(piece).is_some()
    }

    /// Takes a grouping; one that is not accepted changes nothing.
    pub(crate) fn take(&mut self, piece: &Piece<'_>) {
        match (self.read(piece), self) {
            (Some(Understood::Purse(item)), Self::Purse(draft)) => draft.take(item),
            (Some(Understood::Transfer(item)), Self::Transfer(draft)) => draft.take(item),
            (Some(Understood::SecurityModule(item)), Self::SecurityModule(draft)) => draft.take(item),
            _ => {}
        }
    }

    /// By which file identifier the applet is selected beside its name; zeros where by none.
    pub(crate) fn file_identifier(&self) -> [u8; 2] {
        match self {
            Self::Purse(draft) => draft.file_identifier(),
            Self::Transfer(_) => [0; 2],
            Self::SecurityModule(draft) => draft.file_identifier(),
        }
    }

    /// What the applet begins its life with.
    pub(crate) fn contents(&self, aid: &Aid) -> Result<Contents, Unfit> {
        match self {
            Self::Purse(draft) => draft.contents(aid).map(Contents::Purse),
            Self::Transfer(draft) => draft.contents().map(Contents::Transfer),
            Self::SecurityModule(draft) => draft.contents().map(Contents::SecurityModule),
        }
    }
}

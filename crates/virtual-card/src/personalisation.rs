//! The personalisation file: what a card is made with, as JSON (`docs/spec/virtual-card.md`).
//!
//! Values are hexadecimal texts of a fixed length; amounts and counts are numbers. Unknown fields, wrong lengths and weak
//! keys are refused with the name of the field. Root keys, keys of the security domain and keys of applications are types
//! of their own, and the same key never stands for two kinds.

mod draft;
mod grouping;
mod keys;
mod purse;
mod security_module;
mod text;
mod transfer;

use std::fmt;

use globalplatform::{aid::Aid, registry::Blank, secure_channel::scp03::Options};
use serde::Deserialize;

pub use draft::Unfit;
pub(crate) use draft::{Contents, Draft};
pub(crate) use grouping::Grouping;
pub use keys::{DomainKeys, RootKeys};

use self::{
    keys::ApplicationKey,
    purse::PurseFields,
    security_module::ModuleFields,
    text::{Hex, Name},
    transfer::TransferFields,
};
use crate::kind::{CardKind, Module};

/// What a card is made with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Personalisation {
    issuer_domain: IssuerDomain,
    security_domain: SecurityDomain,
    purse: Option<PurseFields>,
    transfer: Option<TransferFields>,
    security_module: Option<ModuleFields>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerDomain {
    aid: Name,
    #[serde(default)]
    diversification: Hex<10>,
    #[serde(default)]
    production_data: Hex<42>,
    keys: RootKeys,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecurityDomain {
    aid: Name,
    keys: DomainKeys,
}

/// An applet to be installed and personalised.
#[derive(Debug)]
pub(crate) struct AppletPlan {
    pub(crate) module: Module,
    pub(crate) aid: Aid,
    pub(crate) groupings: Vec<Grouping>,
}

/// Why a text is no personalisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalisationError(String);

impl fmt::Display for PersonalisationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PersonalisationError {}

impl Personalisation {
    /// Reads a personalisation file.
    ///
    /// # Errors
    /// [`PersonalisationError`], which names the field.
    pub fn read(text: &str) -> Result<Self, PersonalisationError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let read: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let (path, error) = (error.path().to_string(), error.into_inner());
            PersonalisationError(format!("{path}: {error}"))
        })?;
        json.end().map_err(|error| PersonalisationError(error.to_string()))?;
        read.check().map_err(PersonalisationError)?;
        Ok(read)
    }

    fn check(&self) -> Result<(), String> {
        let too_many = self.purse.as_ref().and_then(PurseFields::too_many);
        let too_many = too_many.or_else(|| self.transfer.as_ref().and_then(TransferFields::too_many));
        if let Some(field) = too_many {
            return Err(format!("{field}: too many"));
        }
        match (&self.purse, &self.transfer, &self.security_module) {
            (None, None, None) => return Err("purse, transfer or security_module is missing".to_owned()),
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                return Err("security_module: not in a card with purse or transfer".to_owned());
            }
            _ => {}
        }
        self.ensure_keys_of_one_kind()?;
        self.applets().iter().try_for_each(|applet| {
            let mut draft = Draft::new(applet.module);
            let strange = applet.groupings.iter().find(|grouping| !draft.accepts(&(*grouping).into()));
            if let Some(grouping) = strange {
                return Err(format!(
                    "{}: cannot be written as grouping {:04X}",
                    applet.field(),
                    grouping.dgi
                ));
            }
            applet.groupings.iter().for_each(|grouping| draft.take(&grouping.into()));
            draft.contents(&applet.aid).map(drop).map_err(|error| format!("{}: {error}", applet.field()))
        })
    }

    /// No key may stand for two kinds: whoever has it for the lesser would have the greater.
    fn ensure_keys_of_one_kind(&self) -> Result<(), String> {
        let root = self.issuer_domain.keys.exposed();
        let domain = self.security_domain.keys.exposed();
        if domain.iter().any(|key| root.contains(key)) {
            return Err("security_domain.keys: a root key is among them".to_owned());
        }
        let purse = self.purse.iter().flat_map(|purse| &purse.keys);
        let module = self.security_module.iter().flat_map(|module| &module.keys);
        let mut of_applications = purse.chain(module).map(ApplicationKey::exposed);
        if of_applications.any(|key| root.contains(&key) || domain.contains(&key)) {
            return Err("keys of an application: a key of a security domain is among them".to_owned());
        }
        let seeds = self.transfer.as_ref().map(TransferFields::seeds);
        if seeds.is_some_and(|[first, second]| first == second) {
            return Err("transfer.credentials: both seeds are the same".to_owned());
        }
        Ok(())
    }

    /// What the card is.
    #[must_use]
    pub const fn kind(&self) -> CardKind {
        if self.security_module.is_some() { CardKind::SecurityModule } else { CardKind::User }
    }

    /// The applets, in the order they are installed in.
    pub(crate) fn applets(&self) -> Vec<AppletPlan> {
        let purse = self.purse.as_ref().map(|fields| AppletPlan {
            module: Module::Purse,
            aid: fields.aid.0,
            groupings: fields.groupings(),
        });
        let transfer = self.transfer.as_ref().map(|fields| AppletPlan {
            module: Module::Transfer,
            aid: Aid::known(&::purse::vtp::AID),
            groupings: fields.groupings(),
        });
        let security_module = self.security_module.as_ref().map(|fields| AppletPlan {
            module: Module::SecurityModule,
            aid: fields.aid.0,
            groupings: fields.groupings(),
        });
        [purse, transfer, security_module].into_iter().flatten().collect()
    }

    /// The blank card that the issuer gets from the factory.
    #[must_use]
    pub fn blank(&self) -> Blank {
        Blank {
            issuer_domain: self.issuer_domain.aid.0,
            diversification: self.issuer_domain.diversification.0,
            production_data: self.issuer_domain.production_data.0,
            options: Options::ALL,
            root_keys: self.issuer_domain.keys.set(),
        }
    }

    /// The issuer's security domain, and its keys.
    pub(crate) const fn root(&self) -> (&Aid, &RootKeys) {
        (&self.issuer_domain.aid.0, &self.issuer_domain.keys)
    }

    /// The supplementary security domain, and its keys.
    pub(crate) const fn domain(&self) -> (&Aid, &DomainKeys) {
        (&self.security_domain.aid.0, &self.security_domain.keys)
    }

    /// The serial number that tells this card from others: of the purse, or of the security module.
    #[must_use]
    pub fn serial(&self) -> Option<[u8; 10]> {
        let purse = self.purse.as_ref().map(|fields| fields.asn.0);
        purse.or_else(|| self.security_module.as_ref().map(|fields| fields.serial.0))
    }
}

impl AppletPlan {
    const fn field(&self) -> &'static str {
        match self.module {
            Module::Purse => "purse",
            Module::Transfer => "transfer",
            Module::SecurityModule => "security_module",
        }
    }
}

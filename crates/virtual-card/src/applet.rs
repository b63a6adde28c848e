//! The applets of a card: applications in their memory, or places where one can be installed.

use globalplatform::{
    aid::Aid,
    apdu::{Command, CommandBytes, Response},
    domain::{Applications, Installation, Item},
    life_cycle::Stage,
    registry::Registry,
    status::StatusWord,
};
use purse::{
    ep,
    journal::OpenError,
    nvm::{Fault, Nvm},
    psam, vtp,
};

use crate::{
    directory::Instance,
    kind::{Module, PACKAGE},
    personalisation::{Contents, Draft, Unfit},
};

/// An application that works.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a card has two of them")]
enum Application<N> {
    Purse(ep::Application<N>),
    Transfer(vtp::Application<N>),
    SecurityModule(psam::SecurityModule<N>),
}

/// Calls the same method of whichever application it is.
macro_rules! of_each {
    ($application:expr, $it:ident => $call:expr) => {
        match $application {
            Application::Purse($it) => $call,
            Application::Transfer($it) => $call,
            Application::SecurityModule($it) => $call,
        }
    };
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a card has two of them")]
enum State<N> {
    /// Memory in which nothing that counts was written.
    Blank(N),
    /// It has its data and keys.
    Works(Application<N>),
    /// Its memory failed, or it was deleted after it had worked: nothing comes here any more.
    Gone,
}

/// One place for an application.
#[derive(Debug)]
struct Applet<N> {
    module: Module,
    instance: Instance,
    draft: Option<Draft>,
    state: State<N>,
}

/// The applets of a card.
#[derive(Debug)]
pub(crate) struct Applets<N> {
    applets: Vec<Applet<N>>,
}

impl<N: Nvm> Applets<N> {
    /// Power comes: what was personalised works again.
    pub(crate) fn power_on(
        places: impl IntoIterator<Item = (Module, Instance, N)>,
    ) -> Result<Self, OpenError> {
        let applet = |(module, instance, memory): (Module, Instance, N)| -> Result<_, OpenError> {
            let state = match (instance.aid, instance.is_used) {
                (_, false) => State::Blank(memory),
                (None, true) => State::Gone,
                (Some(_), true) => State::Works(open(module, memory)?),
            };
            Ok(Applet { module, instance, draft: None, state })
        };
        Ok(Self { applets: places.into_iter().map(applet).collect::<Result<_, _>>()? })
    }

    /// What the directory keeps of each.
    pub(crate) fn instances(&self) -> [Instance; 2] {
        std::array::from_fn(|at| self.applets.get(at).map_or(Instance::default(), |applet| applet.instance))
    }

    /// The name of the applet that this file identifier selects.
    pub(crate) fn of_file(&self, identifier: &[u8]) -> Option<Aid> {
        let is_meant = |applet: &&Applet<N>| {
            applet.instance.file_identifier != [0; 2] && applet.instance.file_identifier == identifier
        };
        self.applets.iter().find(is_meant)?.instance.aid
    }

    /// The command by which an applet learns that it was selected by its name: a security module knows only its file
    /// identifier, the others their whole name.
    pub(crate) fn selection(&self, aid: &Aid, le: Option<u16>) -> Option<CommandBytes> {
        let applet = self.applets.iter().find(|applet| applet.instance.aid.as_ref() == Some(aid))?;
        let select = match applet.module {
            Module::SecurityModule => {
                Command::new([0x00, 0xA4, 0x00, 0x00], &applet.instance.file_identifier, None)
            }
            Module::Purse | Module::Transfer => Command::new([0x00, 0xA4, 0x04, 0x00], aid.as_slice(), le),
        };
        select.ok().map(|select| select.to_bytes())
    }

    /// A command for the applet of this name. One that has no data and keys yet answers 6985.
    pub(crate) fn step(
        &mut self,
        aid: &Aid,
        command: &Command<'_>,
        random: [u8; 8],
    ) -> Result<Response, Fault> {
        match self.named(aid).map(|applet| &mut applet.state) {
            Some(State::Works(Application::Purse(purse))) => purse.step(command, random),
            Some(State::Works(Application::Transfer(transfer))) => transfer.step(command),
            Some(State::Works(Application::SecurityModule(module))) => module.step(command, random),
            _ => Ok(StatusWord::CONDITIONS_NOT_MET.into()),
        }
    }

    /// Finishes in memory what waits until answers have left.
    pub(crate) fn mirror(&mut self) -> Result<(), Fault> {
        self.working().try_for_each(|application| of_each!(application, it => it.mirror()))
    }

    /// Power stays, and what was begun is forgotten.
    pub(crate) fn reset(&mut self) {
        self.working().for_each(|application| of_each!(application, it => it.reset()));
        self.applets.iter_mut().for_each(|applet| applet.draft = None);
    }

    /// Makes those work whose last block of personalisation the registry has just taken. What they keep is written before
    /// the registry says so; without the registry's word it counts as nothing.
    pub(crate) fn finish(&mut self, registry: &Registry) -> Result<Result<(), Unfit>, Fault> {
        for applet in &mut self.applets {
            let Some(aid) = applet.instance.aid.filter(|_| !applet.instance.is_used) else { continue };
            let state = registry.find(&aid).and_then(|(_, entry)| entry.state());
            if state.is_none_or(|state| state.stage != Stage::Personalised) {
                continue;
            }
            let draft = applet.draft.take().unwrap_or_else(|| Draft::new(applet.module));
            let contents = match draft.contents(&aid) {
                Ok(contents) => contents,
                Err(error) => return Ok(Err(error)),
            };
            let State::Blank(memory) = std::mem::replace(&mut applet.state, State::Gone) else { continue };
            applet.state = State::Works(install(memory, contents)?);
            applet.instance.file_identifier = draft.file_identifier();
            applet.instance.is_used = true;
        }
        Ok(Ok(()))
    }

    fn named(&mut self, aid: &Aid) -> Option<&mut Applet<N>> {
        self.applets.iter_mut().find(|applet| applet.instance.aid.as_ref() == Some(aid))
    }

    fn working(&mut self) -> impl Iterator<Item = &mut Application<N>> {
        self.applets.iter_mut().filter_map(|applet| match &mut applet.state {
            State::Works(application) => Some(application),
            State::Blank(_) | State::Gone => None,
        })
    }

    /// Where an instance of a module can be installed.
    fn free(&self, module: &Aid) -> Option<usize> {
        self.applets
            .iter()
            .position(|applet| applet.module.aid() == *module && applet.instance == Instance::default())
    }
}

fn open<N: Nvm>(module: Module, memory: N) -> Result<Application<N>, OpenError> {
    let opened = match module {
        Module::Purse => ep::Application::power_on(memory).map(Application::Purse),
        Module::Transfer => vtp::Application::power_on(memory).map(Application::Transfer),
        Module::SecurityModule => psam::SecurityModule::power_on(memory).map(Application::SecurityModule),
    };
    opened.map_err(|(error, _)| error)
}

fn install<N: Nvm>(memory: N, contents: Contents) -> Result<Application<N>, Fault> {
    match contents {
        Contents::Purse(contents) => ep::Application::install(memory, contents).map(Application::Purse),
        Contents::Transfer(contents) => {
            vtp::Application::install(memory, contents).map(Application::Transfer)
        }
        Contents::SecurityModule(contents) => {
            psam::SecurityModule::install(memory, contents).map(Application::SecurityModule)
        }
    }
}

impl<N: Nvm> Applications for Applets<N> {
    fn can_install(&self, installation: &Installation<'_>) -> Result<(), StatusWord> {
        let is_known = installation.load_file == PACKAGE
            && self.applets.iter().any(|applet| applet.module.aid() == installation.module);
        if !is_known {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        // The counterparts of purse to purse know it by one name.
        if installation.module == Module::Transfer.aid() && installation.aid.as_slice() != vtp::AID {
            return Err(StatusWord::WRONG_DATA);
        }
        self.free(&installation.module).map(drop).ok_or(StatusWord::NOT_ENOUGH_SPACE)
    }

    fn install(&mut self, installation: &Installation<'_>) {
        let place = self.free(&installation.module).and_then(|place| self.applets.get_mut(place));
        if let Some(applet) = place {
            applet.instance.aid = Some(installation.aid);
            applet.draft = None;
        }
    }

    fn holds_value(&self, aid: &Aid) -> bool {
        let applet = self.applets.iter().find(|applet| applet.instance.aid.as_ref() == Some(aid));
        match applet.map(|applet| &applet.state) {
            Some(State::Works(Application::Purse(purse))) => purse_holds_value(purse.contents()),
            Some(State::Works(Application::Transfer(transfer))) => {
                let contents = transfer.contents();
                let has_value = contents.pockets().iter().any(|pocket| pocket.balance.units() > 0);
                has_value || contents.under_way().is_some() || contents.exceptions().next().is_some()
            }
            // What it authorised since the last collection is what its terminal still has to hand in.
            Some(State::Works(Application::SecurityModule(module))) => {
                module.contents().authorised().units() > 0
            }
            Some(State::Blank(_) | State::Gone) | None => false,
        }
    }

    fn delete(&mut self, aid: &Aid) {
        if let Some(applet) = self.named(aid) {
            applet.instance = Instance { is_used: applet.instance.is_used, ..Instance::default() };
            applet.draft = None;
            if let State::Works(_) = applet.state {
                applet.state = State::Gone;
            }
        }
    }

    fn accepts(&self, aid: &Aid, item: &Item<'_>) -> Result<(), StatusWord> {
        let applet = self.applets.iter().find(|applet| applet.instance.aid.as_ref() == Some(aid));
        let applet = applet.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        if applet.instance.is_used {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        let accepts = match &applet.draft {
            Some(draft) => draft.accepts(&item.into()),
            None => Draft::new(applet.module).accepts(&item.into()),
        };
        if accepts { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
    }

    fn store(&mut self, aid: &Aid, item: &Item<'_>) {
        if let Some(applet) = self.named(aid) {
            let draft = applet.draft.get_or_insert_with(|| Draft::new(applet.module));
            draft.take(&item.into());
        }
    }

    fn interrupt(&mut self, aid: &Aid) {
        if let Some(State::Works(application)) = self.named(aid).map(|applet| &mut applet.state) {
            of_each!(application, it => it.reset());
        }
    }
}

fn purse_holds_value(contents: &ep::Contents) -> bool {
    let pockets = [ep::Which::Deposit, ep::Which::Purse].map(|which| contents.pocket(which).own_value());
    let has_value = pockets.iter().any(|value| *value != 0)
        || contents.currencies().iter().any(|(_, balance)| balance.units() > 0);
    has_value || contents.grey_lock().is_on() || contents.split().is_open
}

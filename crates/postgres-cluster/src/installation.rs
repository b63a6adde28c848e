//! Which PostgreSQL is installed, and as which user it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ClusterError;

/// Where Debian and its kin keep each version of the server.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The programs of one version of PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    directory: PathBuf,
}

impl Installation {
    /// The newest version under [`VERSIONS`], or else the one on the `PATH`.
    pub(crate) fn newest() -> Result<Self, ClusterError> {
        let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
        let newest = versions
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .filter(|version| server_is_in(&directory_of(*version)))
            .max();
        if let Some(version) = newest {
            return Ok(Self { directory: directory_of(version) });
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let directory = std::env::split_paths(&path).find(|directory| server_is_in(directory));
        directory.map(|directory| Self { directory }).ok_or(ClusterError::NotInstalled)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

fn directory_of(version: u32) -> PathBuf {
    Path::new(VERSIONS).join(version.to_string()).join("bin")
}

fn server_is_in(directory: &Path) -> bool {
    directory.join("postgres").is_file() && directory.join("initdb").is_file()
}

/// The user that the server runs as: it refuses to run as root.
#[derive(Clone, Debug)]
pub(crate) enum Owner {
    /// Whoever runs this program.
    SameUser,
    /// The user `postgres`, because this program runs as root.
    Postgres { user: u32, group: u32 },
}

impl Owner {
    pub(crate) fn of_server() -> Result<Self, ClusterError> {
        if own_user_id()? != 0 {
            return Ok(Self::SameUser);
        }
        let users = Path::new("/etc/passwd");
        let text = fs::read_to_string(users).map_err(|error| ClusterError::io(users, &error))?;
        let row =
            text.lines().find_map(|line| line.strip_prefix("postgres:")).ok_or(ClusterError::NotInstalled)?;
        let mut numbers = row.split(':').skip(1).map_while(|field| field.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(user), Some(group)) => Ok(Self::Postgres { user, group }),
            _ => Err(ClusterError::Io(format!("{}: the row of postgres is damaged", users.display()))),
        }
    }

    #[cfg(test)]
    pub(crate) fn is_another_user(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// Gives the directory to this user alone.
    pub(crate) fn take(&self, directory: &Path) -> Result<(), ClusterError> {
        use std::os::unix::fs::{PermissionsExt, chown};
        let failed = |error| ClusterError::io(directory, &error);
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        match self {
            Self::SameUser => Ok(()),
            Self::Postgres { user, group } => chown(directory, Some(*user), Some(*group)).map_err(failed),
        }
    }

    /// A command that will run as this user.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let Self::Postgres { user, group } = self else {
            return Command::new(program);
        };
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).args(["--clear-groups", "--"]);
        command.arg(program);
        command
    }
}

fn own_user_id() -> Result<u32, ClusterError> {
    let program = Path::new("id");
    let output =
        Command::new(program).arg("-u").output().map_err(|error| ClusterError::io(program, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().map_err(|_| ClusterError::Io(format!("`id -u` said {text:?} instead of a number")))
}

//! What the tests need from the machine, and how to get it on Debian and its relatives.

use std::{fs, path::Path, process::Command};

use crate::process::find;

/// One thing that must be there before the tests start.
struct Need {
    what: &'static str,
    packages: &'static [&'static str],
    is_present: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { what: "a PostgreSQL server", packages: &["postgresql"], is_present: has_postgresql },
    Need { what: "Chromium", packages: &["chromium"], is_present: || chromium().is_some() },
    Need {
        what: "a font with Chinese letters",
        packages: &["fontconfig", "fonts-noto-cjk"],
        is_present: has_chinese_font,
    },
    Need { what: "Node.js", packages: &["nodejs"], is_present: || find("node").is_some() },
    Need { what: "npm", packages: &["npm"], is_present: || find("npm").is_some() },
    Need {
        what: "Python with virtual environments",
        packages: &["python3", "python3-venv"],
        is_present: has_python,
    },
    Need { what: "SoftHSM", packages: &["softhsm2"], is_present: || find("softhsm2-util").is_some() },
    Need { what: "strace", packages: &["strace"], is_present: || find("strace").is_some() },
];

/// Installs what is missing, as root or through `sudo`.
pub(crate) fn prepare() -> Result<(), String> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.is_present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    let names: Vec<&str> = missing.iter().map(|need| need.what).collect();
    let advice = format!(
        "the tests need {}; run `apt-get install --yes {}` as root (or the like on another system), then again",
        names.join(", "),
        packages.join(" ")
    );
    if find("apt-get").is_none() {
        return Err(advice);
    }
    eprintln!("── installing {}", packages.join(" "));
    let install = apt_get(&["update"]).and_then(|()| {
        let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
        arguments.extend(&packages);
        apt_get(&arguments)
    });
    install.map_err(|error| format!("{error}; {advice}"))?;
    match missing.iter().find(|need| !(need.is_present)()) {
        Some(need) => Err(format!("{} is still not there after its installation; {advice}", need.what)),
        None => Ok(()),
    }
}

/// The browser for the stories: `CHROMIUM` when set, else the one on the search path.
pub(crate) fn chromium() -> Option<std::path::PathBuf> {
    match std::env::var_os("CHROMIUM") {
        Some(path) => Some(path.into()),
        None => find("chromium").or_else(|| find("chromium-browser")),
    }
}

fn apt_get(arguments: &[&str]) -> Result<(), String> {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else if find("sudo").is_some() {
        let mut command = Command::new("sudo");
        command.args(["--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        command
    } else {
        return Err("only root can install packages, and there is no sudo".to_owned());
    };
    let status = command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .map_err(|error| format!("cannot start apt-get: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("apt-get {} failed", arguments.join(" "))) }
}

fn is_root() -> bool {
    let identity = Command::new("id").arg("-u").output();
    identity.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn has_postgresql() -> bool {
    // Debian keeps the server's programs out of the search path, one folder a version.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    find("initdb").is_some()
        || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

fn has_python() -> bool {
    // Debian keeps what a virtual environment is made with in a package of its own.
    let made_with = Command::new("python3").args(["-c", "import venv, ensurepip"]).output();
    made_with.is_ok_and(|output| output.status.success())
}

fn has_chinese_font() -> bool {
    let known = Command::new("fc-list").arg(":lang=zh-cn").output();
    known.is_ok_and(|output| !output.stdout.is_empty())
        || Path::new("/usr/share/fonts/opentype/noto").is_dir()
}

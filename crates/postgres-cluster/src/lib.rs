//! A private PostgreSQL server for tests and benchmarks: made in a temporary directory, reached over a Unix socket,
//! gone with the process that started it, even when that process is killed.
//!
//! ```no_run
//! // In a test: an empty database of its own, on a server shared by the whole test program.
//! let url = postgres_cluster::test_database();
//! // In a benchmark: a server with PostgreSQL's own, durable settings.
//! let cluster = postgres_cluster::Cluster::start(&postgres_cluster::Options::default())?;
//! let url = cluster.create_database("bench")?;
//! # Ok::<(), postgres_cluster::ClusterError>(())
//! ```

mod error;
mod installation;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

pub use error::ClusterError;
use installation::{Installation, Owner};

/// The variable that names a server to test on; without it the tests start one of their own.
pub const TEST_SERVER_VARIABLE: &str = "SYCEE_TEST_POSTGRES";

/// The file name of the socket ends with a port, but nothing listens on the network.
const PORT: u16 = 5432;

/// How long a server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Stops the server and removes its directory when the writing end of standard input is closed: by
/// [`Cluster::drop`], or by the end of the process, however it ends.
const KEEPER: &str = r#"
bin=$1; directory=$2; shift 2
"$bin/postgres" -D "$directory/data" -k "$directory" -p 5432 -c listen_addresses= "$@" >"$directory/log" 2>&1 </dev/null &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$directory"
"#;

/// Where and how the server runs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where its directory is made. `None`: the system's temporary directory.
    pub parent: Option<PathBuf>,
    /// Settings of `postgresql.conf`, such as `("fsync", "off")`. Without any, the server is durable.
    pub settings: Vec<(String, String)>,
}

/// A running server. Dropping it stops the server and deletes everything.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    keeper: Child,
}

impl Cluster {
    /// Makes a server with the newest PostgreSQL installed and waits until it answers.
    ///
    /// # Errors
    /// [`ClusterError::NotInstalled`], or why it did not start.
    pub fn start(options: &Options) -> Result<Self, ClusterError> {
        let installation = Installation::newest()?;
        let owner = Owner::of_server()?;
        let parent = options.parent.clone().unwrap_or_else(std::env::temp_dir);
        let directory = make_directory(&parent, &owner)?;
        initialise(&installation, &owner, &directory)?;
        let keeper = start_keeper(&installation, &owner, &directory, &options.settings)?;
        let cluster = Self { directory, keeper };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The URL of that database of this server, whether it exists or not.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let host = self.directory.to_string_lossy().replace('%', "%25").replace('/', "%2F");
        format!("postgres://postgres@{host}:{PORT}/{database}")
    }

    /// Makes an empty database and gives its URL.
    ///
    /// # Errors
    /// [`ClusterError::Database`], for one where the name is taken.
    pub fn create_database(&self, name: &str) -> Result<String, ClusterError> {
        create_database(&self.url("postgres"), name)?;
        Ok(self.url(name))
    }

    fn wait_until_ready(&self) -> Result<(), ClusterError> {
        let started = Instant::now();
        loop {
            match Client::connect(&self.url("postgres"), NoTls) {
                Ok(_) => return Ok(()),
                Err(error) if started.elapsed() > START_LIMIT => {
                    let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
                    return Err(ClusterError::NotReady(format!("{error}; the server's log says: {log}")));
                }
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper ends by itself; an error here could only mean that it has ended already.
        let _ = self.keeper.wait();
    }
}

/// The server on which this program's tests run: the one of [`TEST_SERVER_VARIABLE`], or one of its own without
/// `fsync` (tests kill connections, not the machine).
#[derive(Debug)]
pub enum TestServer {
    /// The server whose URL the variable holds; the user may create databases and schemas there.
    Given(String),
    /// A server that ends with this program.
    Private(Cluster),
}

impl TestServer {
    /// The one server of this program, started at the first call.
    ///
    /// # Errors
    /// Why there is none: the same answer at each call.
    pub fn shared() -> Result<&'static Self, ClusterError> {
        static SHARED: OnceLock<Result<TestServer, ClusterError>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    fn start() -> Result<Self, ClusterError> {
        if let Ok(url) = std::env::var(TEST_SERVER_VARIABLE) {
            return Ok(Self::Given(url));
        }
        let settings = [("fsync", "off"), ("max_connections", "200"), ("shared_buffers", "128MB")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Cluster::start(&Options { parent: None, settings }).map(Self::Private)
    }

    /// Makes an empty database with a name of its own and gives its URL.
    ///
    /// # Errors
    /// [`ClusterError::Database`].
    pub fn fresh_database(&self) -> Result<String, ClusterError> {
        let (server, name) = (self.url(), unique_name());
        // A program with the same process id may have left its database on a server that lives longer.
        execute(&server, &format!("DROP DATABASE IF EXISTS {name}"))?;
        create_database(&server, &name)?;
        Ok(with_database(&server, &name))
    }

    /// Makes an empty schema and gives the URL of a database where every session works in it.
    ///
    /// # Errors
    /// [`ClusterError::Database`].
    pub fn fresh_schema(&self) -> Result<String, ClusterError> {
        let (server, name) = (self.url(), unique_name());
        execute(&server, &format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"))?;
        Ok(with_schema(&server, &name))
    }

    fn url(&self) -> String {
        match self {
            Self::Given(url) => url.clone(),
            Self::Private(cluster) => cluster.url("postgres"),
        }
    }
}

/// A name that no other test of this program has.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("sycee_test_{}_{count}", std::process::id())
}

/// An empty database for one test, on the server shared by this program.
///
/// # Panics
/// Where there is no server: the test fails, and the message says what to do.
#[must_use]
pub fn test_database() -> String {
    needed(TestServer::shared().and_then(TestServer::fresh_database))
}

/// Like [`test_database`], but a schema of its own in a database that tests share: much cheaper, and enough for a test
/// that looks at nothing but its tables.
///
/// # Panics
/// Where there is no server: the test fails, and the message says what to do.
#[must_use]
pub fn test_schema() -> String {
    needed(TestServer::shared().and_then(TestServer::fresh_schema))
}

fn needed(url: Result<String, ClusterError>) -> String {
    url.unwrap_or_else(|error| panic!("this test needs PostgreSQL: {error}"))
}

fn create_database(server: &str, name: &str) -> Result<(), ClusterError> {
    execute(server, &format!("CREATE DATABASE {name}"))
}

fn execute(server: &str, statement: &str) -> Result<(), ClusterError> {
    let failed = |error: postgres::Error| ClusterError::Database(format!("{statement}: {error}"));
    Client::connect(server, NoTls).map_err(failed)?.batch_execute(statement).map_err(failed)
}

/// The URL with another database: what stands between the authority's slash and the query is replaced.
fn with_database(url: &str, database: &str) -> String {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let path = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{}/{database}{query}", &address[..path])
}

/// The URL with a schema that every session works in.
fn with_schema(url: &str, schema: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options=-csearch_path%3D{schema}")
}

fn make_directory(parent: &Path, owner: &Owner) -> Result<PathBuf, ClusterError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = parent.join(format!("sycee-pg-{}-{count}", std::process::id()));
    if directory.exists() {
        // Left by a process whose id this one has now, and whose keeper was killed.
        fs::remove_dir_all(&directory).map_err(|error| ClusterError::io(&directory, &error))?;
    }
    fs::create_dir(&directory).map_err(|error| ClusterError::io(&directory, &error))?;
    owner.take(&directory)?;
    Ok(directory)
}

fn initialise(installation: &Installation, owner: &Owner, directory: &Path) -> Result<(), ClusterError> {
    let output = owner
        .command(&installation.program("initdb"))
        .arg("--pgdata")
        .arg(directory.join("data"))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ClusterError::io(&installation.program("initdb"), &error))?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(ClusterError::NotReady(format!("initdb failed: {why}")))
}

fn start_keeper(
    installation: &Installation,
    owner: &Owner,
    directory: &Path,
    settings: &[(String, String)],
) -> Result<Child, ClusterError> {
    let mut command: Command = owner.command(Path::new("sh"));
    command.args(["-c", KEEPER, "sycee-postgres-keeper"]).arg(installation.directory()).arg(directory);
    for (name, value) in settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command.current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // Its own process group: an interrupt typed at the terminal must not kill the keeper before the server.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(|error| ClusterError::io(Path::new("sh"), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced_and_its_query_kept() {
        assert_eq!(with_database("postgres://u@h:1/old?a=b", "new"), "postgres://u@h:1/new?a=b");
        assert_eq!(with_database("postgres://u@h", "new"), "postgres://u@h/new");
        assert_eq!(with_database("postgres://u@%2Ftmp:1/old", "new"), "postgres://u@%2Ftmp:1/new");
    }

    #[test]
    fn the_schema_joins_the_query_of_a_url() {
        assert_eq!(with_schema("postgres://u@h/d", "s"), "postgres://u@h/d?options=-csearch_path%3Ds");
        assert_eq!(
            with_schema("postgres://u@h/d?a=b", "s"),
            "postgres://u@h/d?a=b&options=-csearch_path%3Ds"
        );
    }

    #[test]
    fn each_test_has_its_own_tables() {
        for url in [test_database(), test_database(), test_schema(), test_schema()] {
            let mut client = Client::connect(&url, NoTls).unwrap();
            client.batch_execute("CREATE TABLE t (x INT)").unwrap();
        }
    }

    #[test]
    fn a_dropped_server_leaves_nothing_behind() {
        let cluster = Cluster::start(&Options::default()).unwrap();
        let directory = cluster.directory.clone();
        assert!(directory.join("data").exists() || Owner::of_server().unwrap().is_another_user());
        drop(cluster);
        assert!(!directory.exists());
    }
}

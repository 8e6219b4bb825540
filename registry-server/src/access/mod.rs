//! Who may do what: tokens, and how often anyone may ask.

mod rate;
mod scope;
mod token;

pub use rate::{Class, Rates, client_of};
pub use scope::{TokenScope, TokenScopeError};
pub use token::{Action, NewToken, Secret, SecretError, Token, TokenId};

use crate::store::database::Database;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a change that another process made may stay unseen.
const FRESH: Duration = Duration::from_millis(250);

/// The tokens of a registry. What is in the database counts; a copy is kept in memory.
#[derive(Debug)]
pub struct Access {
    database: Arc<Database>,
    copy: RwLock<Arc<Copy>>,
    looked: Mutex<Instant>,
}

#[derive(Debug, Default)]
struct Copy {
    changes: i64,
    tokens: HashMap<TokenId, Arc<Token>>,
}

/// Why a token is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// It is not one, or not one of this registry, or revoked, or expired: which of these is nobody's business.
    #[error(
        "the token is not known here, or has expired, or was revoked: ask the operator of the registry for another one"
    )]
    Unknown,
    /// The database cannot be used.
    #[error("the tokens cannot be read")]
    Sqlite(#[from] rusqlite::Error),
    /// A row is not as it was written.
    #[error("the token `{0}` is damaged in the database")]
    Damaged(TokenId),
    /// There is no randomness.
    #[error("the system gives no randomness for a token")]
    Random(#[source] getrandom::Error),
}

impl Access {
    /// The tokens in a database.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub fn open(database: Arc<Database>) -> Result<Access, AccessError> {
        let copy = database.read(read_all)?;
        Ok(Access {
            database,
            copy: RwLock::new(Arc::new(copy)),
            looked: Mutex::new(Instant::now()),
        })
    }

    /// The token with this secret, if it may be used now.
    ///
    /// # Errors
    ///
    /// [`AccessError::Unknown`]; the database cannot be read.
    pub fn authenticate(&self, secret: &Secret) -> Result<Arc<Token>, AccessError> {
        let mut copy = self.current(FRESH)?;
        if !copy.tokens.contains_key(&secret.id()) {
            // Another process may have made it this very moment. Who guesses is soon not heard any more.
            copy = self.current(Duration::ZERO)?;
        }
        let token = copy.tokens.get(&secret.id());
        // An unknown id, which is no secret, takes as long to compare as a wrong secret.
        let hash = token.map_or([0; 32], |token| token.hash);
        let same = constant_time_eq(&hash, secret.hash().as_bytes());
        match token {
            Some(token) if same && token.is_usable(now()) => Ok(Arc::clone(token)),
            _ => Err(AccessError::Unknown),
        }
    }

    /// Makes a token. The secret is known to the caller alone.
    ///
    /// # Errors
    ///
    /// There is no randomness, or the database cannot be written.
    pub fn create(&self, new: NewToken) -> Result<(Secret, Token), AccessError> {
        let secret = Secret::generate().map_err(AccessError::Random)?;
        let token = Token {
            id: secret.id(),
            hash: *secret.hash().as_bytes(),
            label: new.label,
            actions: new.actions,
            scopes: new.scopes,
            created: now(),
            expires: new.expires,
            revoked: None,
        };
        self.database.write(|tx| {
            tx.execute(
                "INSERT INTO token VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)",
                params![
                    token.id.as_bytes(),
                    token.hash,
                    token.label,
                    token.action_words(),
                    token.scope_words(),
                    token.created.cast_signed(),
                    token.expires.map(u64::cast_signed),
                ],
            )?;
            count_change(tx)
        })?;
        self.forget_when();
        Ok((secret, token))
    }

    /// All tokens, the oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn list(&self) -> Result<Vec<Arc<Token>>, AccessError> {
        let copy = self.database.read(read_all)?;
        let mut tokens: Vec<Arc<Token>> = copy.tokens.into_values().collect();
        tokens.sort_by_key(|token| (token.created, token.id));
        Ok(tokens)
    }

    /// Revokes a token, from now on and for good. Returns whether there is one of this id.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn revoke(&self, id: TokenId) -> Result<bool, AccessError> {
        let found = self.database.write(|tx| {
            let update = "UPDATE token SET revoked = coalesce(revoked, ?2) WHERE id = ?1";
            let found = tx.execute(update, params![id.as_bytes(), now().cast_signed()])?;
            count_change(tx)?;
            Ok::<_, rusqlite::Error>(found > 0)
        })?;
        self.forget_when();
        Ok(found)
    }

    /// The copy, made again if the database changed and this was not looked for so long.
    fn current(&self, fresh: Duration) -> Result<Arc<Copy>, AccessError> {
        let copy = || Arc::clone(&self.copy.read().unwrap_or_else(PoisonError::into_inner));
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.elapsed() < fresh {
            return Ok(copy());
        }
        let known = copy().changes;
        let changed: Option<Copy> = self
            .database
            .read(|tx| match changes(tx)? == known {
                true => Ok(None),
                false => read_all(tx).map(Some),
            })
            .map_err(|error: AccessError| error)?;
        if let Some(changed) = changed {
            *self.copy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(changed);
        }
        *looked = Instant::now();
        Ok(copy())
    }

    /// Has the next use look at the database.
    fn forget_when(&self) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = Instant::now().checked_sub(FRESH) {
            *looked = earlier;
        }
    }
}

/// Seconds since 1970-01-01.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn count_change(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    tx.execute("UPDATE token_changes SET count = count + 1", [])?;
    Ok(())
}

fn changes(tx: &Transaction<'_>) -> rusqlite::Result<i64> {
    let mut count = tx.prepare_cached("SELECT count FROM token_changes")?;
    let count = count.query_row([], |row| row.get(0)).optional()?;
    Ok(count.unwrap_or(0))
}

fn read_all(tx: &Transaction<'_>) -> Result<Copy, AccessError> {
    let mut rows = tx.prepare_cached(
        "SELECT id, hash, label, actions, patterns, created, expires, revoked FROM token",
    )?;
    let mut rows = rows.query([])?;
    let mut tokens = HashMap::new();
    while let Some(row) = rows.next()? {
        let token = read(row)?;
        tokens.insert(token.id, Arc::new(token));
    }
    let changes = changes(tx)?;
    Ok(Copy { changes, tokens })
}

fn read(row: &Row<'_>) -> Result<Token, AccessError> {
    let id = TokenId::from(row.get::<_, [u8; 8]>(0)?);
    let damaged = || AccessError::Damaged(id);
    let (actions, patterns): (String, String) = (row.get(3)?, row.get(4)?);
    let time = |column| {
        row.get::<_, Option<i64>>(column)
            .map(|time| time.map(i64::cast_unsigned))
    };
    let words =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let actions = words(&actions)
        .iter()
        .map(|word| word.parse())
        .collect::<Result<_, _>>();
    let scopes = words(&patterns)
        .iter()
        .map(|word| word.parse())
        .collect::<Result<_, _>>();
    Ok(Token {
        id,
        hash: row.get(1)?,
        label: row.get(2)?,
        actions: actions.map_err(|_| damaged())?,
        scopes: scopes.map_err(|_| damaged())?,
        created: time(5)?.unwrap_or_default(),
        expires: time(6)?,
        revoked: time(7)?,
    })
}

/// Whether they are equal, in a time that does not depend on where they differ.
fn constant_time_eq(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let difference = a
        .iter()
        .zip(b)
        .fold(0, |difference, (a, b)| difference | (a ^ b));
    std::hint::black_box(difference) == 0
}

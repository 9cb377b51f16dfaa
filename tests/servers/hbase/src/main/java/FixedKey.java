// The key of encrypted tables: these are made only so that a reader without it refuses them.

import java.security.Key;

import javax.crypto.spec.SecretKeySpec;

import org.apache.hadoop.hbase.io.crypto.KeyProvider;

public final class FixedKey implements KeyProvider {
    @Override
    public void init(String parameters) {}

    @Override
    public Key getKey(String alias) {
        return new SecretKeySpec("sixteen bytes of".getBytes(java.nio.charset.StandardCharsets.US_ASCII), "AES");
    }

    @Override
    public Key[] getKeys(String[] aliases) {
        Key[] keys = new Key[aliases.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = getKey(aliases[i]);
        }
        return keys;
    }
}

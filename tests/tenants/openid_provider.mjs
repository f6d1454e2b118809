// A certified OpenID provider that we did not write (npm oidc-provider), for test_other_provider.py.
// node openid_provider.mjs SETTINGS.json: serves HTTPS on 127.0.0.1 and prints a line when it listens.
// It lives below /{tenant}/v2.0, where Entra's issuers live, and its people carry Entra's own claims.
import fs from 'node:fs';
import https from 'node:https';
import { Provider, interactionPolicy } from 'oidc-provider';

const settings = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const issuer = new URL(settings.issuer);

// Entra lets people choose among their accounts; here there is nothing to choose from.
const policy = interactionPolicy.base();
const choose = new interactionPolicy.Prompt({ name: 'select_account', requestable: true });
choose.checks.clear();
policy.add(choose);

const provider = new Provider(settings.issuer, {
  clients: settings.clients,
  jwks: { keys: settings.keys },
  cookies: { keys: ['of tests only'] },
  interactions: { policy, url: (ctx, interaction) => `${issuer.pathname}/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: {
    openid: ['sub', 'tid', 'oid', 'ver', 'nbf', 'wids'],
    profile: ['name', 'preferred_username'],
    email: ['email'],
  },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, nbf: Math.floor(Date.now() / 1000), ver: '2.0', ...settings.people[id] }),
  }),
  enabledJWA: { clientAuthSigningAlgValues: ['PS256'] },
});

const serve = provider.callback();
const tls = { cert: fs.readFileSync(settings.certificate), key: fs.readFileSync(settings.key) };
const server = https.createServer(tls, (request, response) => {
  // mounted below a path, as the provider's documentation says for a plain server
  request.originalUrl = request.url;
  request.url = request.url.replace(issuer.pathname, '');
  serve(request, response);
});
server.listen(Number(issuer.port), '127.0.0.1', () => console.log('listening'));

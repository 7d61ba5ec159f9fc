import { marked, type MarkedToken, type Token, type Tokens } from 'marked';
import { createMemo, For, Match, Show, Switch, type JSX } from 'solid-js';
import { Dynamic } from 'solid-js/web';
import './prose.css';

/** Only addresses that open a page or a letter; anything else stays text. */
const isSafe = (href: string): boolean => /^(https?:|mailto:)/i.test(href);

const known = (token: Token): MarkedToken => token as MarkedToken;

function Inline(props: { tokens: readonly Token[] | undefined }): JSX.Element {
  return <For each={props.tokens}>{(token) => inline(known(token))}</For>;
}

function inline(token: MarkedToken): JSX.Element {
  switch (token.type) {
    case 'strong':
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      );
    case 'em':
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      );
    case 'del':
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      );
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return isSafe(token.href) ? (
        <a href={token.href} rel="noopener noreferrer" target="_blank">
          <Inline tokens={token.tokens} />
        </a>
      ) : (
        token.raw
      );
    case 'text':
      return token.tokens ? <Inline tokens={token.tokens} /> : unescaped(token.text);
    case 'escape':
      return unescaped(token.text);
    // Pictures are not fetched from anywhere, and markup is shown as it was written.
    default:
      return token.raw;
  }
}

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/** The lexer escapes some text for HTML, which this never is. */
const unescaped = (text: string): string => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity);

function Items(props: { list: Tokens.List }): JSX.Element {
  return (
    <For each={props.list.items}>
      {(item) => (
        <li>
          <Show when={item.task}>
            <input type="checkbox" checked={item.checked ?? false} disabled aria-label={item.checked ? 'done' : 'to do'} />{' '}
          </Show>
          <Blocks tokens={item.tokens} />
        </li>
      )}
    </For>
  );
}

function Block(props: { token: MarkedToken }): JSX.Element {
  const of = <T extends MarkedToken['type']>(type: T): Extract<MarkedToken, { type: T }> | null =>
    props.token.type === type ? (props.token as Extract<MarkedToken, { type: T }>) : null;
  return (
    <Switch fallback={<p>{props.token.raw}</p>}>
      <Match when={props.token.type === 'space' || props.token.type === 'def'}>{null}</Match>
      <Match when={of('paragraph')}>
        {(token) => (
          <p>
            <Inline tokens={token().tokens} />
          </p>
        )}
      </Match>
      <Match when={of('text')}>{(token) => <Inline tokens={token().tokens ?? [token()]} />}</Match>
      <Match when={of('heading')}>
        {(token) => (
          // The page's own headings end with the session's, an h2.
          <Dynamic component={`h${Math.min(6, token().depth + 2)}`}>
            <Inline tokens={token().tokens} />
          </Dynamic>
        )}
      </Match>
      <Match when={of('code')}>
        {(token) => (
          <pre tabIndex={0}>
            <code>{token().text}</code>
          </pre>
        )}
      </Match>
      <Match when={of('blockquote')}>
        {(token) => (
          <blockquote>
            <Blocks tokens={token().tokens} />
          </blockquote>
        )}
      </Match>
      <Match when={of('list')}>
        {(token) => (
          <Show
            when={token().ordered}
            fallback={
              <ul>
                <Items list={token()} />
              </ul>
            }
          >
            <ol start={Number(token().start) || 1}>
              <Items list={token()} />
            </ol>
          </Show>
        )}
      </Match>
      <Match when={of('hr')}>
        <hr />
      </Match>
      <Match when={of('table')}>{(token) => <Table table={token()} />}</Match>
    </Switch>
  );
}

function Table(props: { table: Tokens.Table }): JSX.Element {
  return (
    <div class="prose-table" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            <For each={props.table.header}>
              {(cell) => (
                <th scope="col">
                  <Inline tokens={cell.tokens} />
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={props.table.rows}>
            {(row) => (
              <tr>
                <For each={row}>
                  {(cell) => (
                    <td>
                      <Inline tokens={cell.tokens} />
                    </td>
                  )}
                </For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  );
}

function Blocks(props: { tokens: readonly Token[] }): JSX.Element {
  return <For each={props.tokens}>{(token) => <Block token={known(token)} />}</For>;
}

/** Markdown as what it means. It is built as elements from tokens, never as HTML from text. */
export function Prose(props: { text: string }): JSX.Element {
  const tokens = createMemo(() => marked.lexer(props.text));
  return (
    <div class="prose">
      <Blocks tokens={tokens()} />
    </div>
  );
}

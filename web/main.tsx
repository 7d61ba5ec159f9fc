import { render } from 'solid-js/web';
import { App } from './App.tsx';
import { applyTheme } from './shell/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/states.css';
import './styles/overlays.css';

applyTheme();
const root = document.getElementById('root');
if (!root) throw new Error('the page has no root element');
render(() => <App />, root);

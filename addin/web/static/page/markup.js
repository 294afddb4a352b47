// The page's own markup, the same in the folder and in the single file.
export const MARKUP = `
<div class="topp">
  <header><h1>Blankettset</h1><p id="bok" class="stilla">Kontroll av stadens blankettset. Filen stannar på den här datorn.</p></header>
  <fluent-tablist id="flikar" activeid="flik-kontroll" size="small" aria-label="Vad du vill göra">
    <fluent-tab id="flik-kontroll" aria-controls="sida-kontroll">Kontrollera</fluent-tab>
    <fluent-tab id="flik-manga" aria-controls="sida-manga">Slå ihop</fluent-tab>
    <fluent-tab id="flik-ny" aria-controls="sida-ny">Nytt set</fluent-tab>
  </fluent-tablist>
  <div id="motor" class="motor"><progress id="motor-matare" max="1" aria-label="Programmet läses in"></progress><span id="motor-text" class="stilla"></span><fluent-button id="motor-igen" size="small" hidden>Försök igen</fluent-button></div>
  <div class="forlopp"><progress id="forlopp" hidden aria-label="Förlopp"></progress><p id="lage" role="status" aria-live="polite"></p><fluent-button id="avbryt" size="small" hidden>Avbryt</fluent-button></div>
  <div id="fel-banner" role="alert" hidden></div>
  <div id="utslag" hidden></div>
</div>
<section id="sida-kontroll" role="tabpanel" aria-labelledby="flik-kontroll">
  <div id="slapp-bok" class="slapp"><p>Släpp en arbetsbok här</p><fluent-button class="arbete" appearance="primary">Välj en fil …</fluent-button><input id="bok-fil" type="file" accept=".xlsx,.xlsm" hidden aria-label="Arbetsbok" /></div>
  <div id="efter" hidden>
    <div class="knappar"><fluent-button id="hamta-kontroll" class="arbete">Hämta en kopia med bladet Kontroll</fluent-button><fluent-button id="fler-rader" class="arbete">Fler rader i listorna</fluent-button></div>
    <div id="slapp-tidigare" class="slapp"><p id="jamfors">Släpp nämndens tidigare arbetsböcker här för att jämföra.</p><fluent-button class="arbete">Välj tidigare …</fluent-button><input id="tidigare" type="file" accept=".xlsx,.xlsm" multiple hidden aria-label="Tidigare arbetsböcker" /></div>
    <div id="lamna-falt" class="falt" hidden><label for="av">Din funktion</label><input id="av" type="text" maxlength="80" placeholder="till exempel controller" /><fluent-button id="lamna-in" class="arbete">Stämpla och hämta filen att lämna in</fluent-button></div>
  </div>
  <div id="resultat" hidden></div>
</section>
<section id="sida-manga" role="tabpanel" aria-labelledby="flik-manga" hidden>
  <p class="stilla">För stadsledningskontoret: nämndernas arbetsböcker blir en för staden. Nämnden slår ihop enheternas på samma sätt.</p>
  <div id="slapp-manga" class="slapp"><p>Släpp arbetsböckerna här</p><fluent-button class="arbete">Välj filer …</fluent-button><input id="manga" type="file" accept=".xlsx,.xlsm" multiple hidden aria-label="Arbetsböcker att slå ihop" /></div>
  <p id="manga-antal" class="stilla"></p>
  <details><summary>Valda filer</summary><ul id="manga-filer"></ul></details>
  <div class="knappar"><fluent-button id="sla-ihop" class="arbete" appearance="primary" disabled>Slå ihop</fluent-button><fluent-button id="tom-manga" class="arbete">Börja om</fluent-button></div>
  <div id="stad"></div>
</section>
<section id="sida-ny" role="tabpanel" aria-labelledby="flik-ny" hidden>
  <div class="falt"><label for="ny-set">Blankettset</label><select id="ny-set"></select></div>
  <div class="falt"><label for="ny-namnd">Nämnd</label><select id="ny-namnd"></select></div>
  <div id="slapp-ny" class="slapp"><p id="ny-valda">Släpp nämndens tidigare arbetsböcker här för att börja med det som redan är känt.</p><fluent-button class="arbete">Välj tidigare …</fluent-button><input id="ny-tidigare" type="file" accept=".xlsx,.xlsm" multiple hidden aria-label="Arbetsböcker att börja med" /></div>
  <label class="ruta"><input id="ny-kvar" type="checkbox" /><span>Skapa också när något i dem inte kan föras vidare</span></label>
  <div class="knappar"><fluent-button id="skapa" class="arbete" appearance="primary">Skapa och hämta</fluent-button></div>
  <div id="ny-sagt"></div>
</section>`;
